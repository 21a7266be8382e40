import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EntryKind, Message } from '../raft/types.ts';
import { FrameReader } from './frame-reader.ts';
import { FRAME_HEADER_BYTES, FrameWriter } from './frame-writer.ts';
import { readFrame, writeFrame } from './frames.ts';
import type { Arrival } from './messages.ts';
import { PayloadSlab } from './payload-slab.ts';
import { ProtocolError } from './protocol-error.ts';
import type { PeerFrame } from './types.ts';

const FROM = 3;
const TO = 5;
const MAX_FRAME_BYTES = 1024 * 1024;
const slab = new PayloadSlab();
const arrival: Arrival = { from: FROM, to: TO, keep: (view) => slab.keep(view) };

test('every frame comes out as it went in, whatever the sizes of the pieces', () => {
  fc.assert(
    fc.property(
      fc.array(frames(), { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 5000 })),
      (sent, sizes) => {
        assert.deepEqual(parts(decode(pieces(encode(sent), () => sizes.next().value))), parts(sent));
      },
    ),
  );
});

test('frames that come two bytes at a time are whole', () => {
  fc.assert(
    fc.property(fc.array(frames(), { maxLength: 4 }), (sent) => {
      assert.deepEqual(parts(decode(pieces(encode(sent), () => 2))), parts(sent));
    }),
    { numRuns: 30 },
  );
});

test('a stream that breaks off anywhere yields whole frames only', () => {
  fc.assert(
    fc.property(
      fc.array(frames(), { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (sent, part) => {
        const bytes = encode(sent);
        const got = parts(decode([bytes.subarray(0, Math.floor(bytes.length * part))]));
        assert.deepEqual(got, parts(sent).slice(0, got.length));
      },
    ),
  );
});

test('a flipped bit anywhere in a frame is noticed', () => {
  fc.assert(
    fc.property(frames(), fc.nat(), (sent, where) => {
      const bytes = encode([sent]);
      const bit = where % (bytes.length * 8);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      let got: PeerFrame[] = [];
      try {
        got = decode([bytes]);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
      assert.deepEqual(got, []); // a longer length only waits for more
    }),
  );
});

test('garbage is refused with a ProtocolError and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      onlyProtocolErrors(() => decode([Buffer.from(garbage)]));
    }),
  );
});

test('a body of garbage under a right checksum is refused with a ProtocolError and nothing else', () => {
  const types = fc.constantFrom(0, 1, 4, 16, 17, 18, 19, 20, 32, 255);
  fc.assert(
    fc.property(types, fc.uint8Array({ maxLength: 60 }), (type, garbage) => {
      onlyProtocolErrors(() => readFrame(Buffer.from([type, ...garbage]), arrival));
    }),
    { numRuns: 2000 },
  );
});

test('a body that ends too early is never taken for another one', () => {
  fc.assert(
    fc.property(frames(), (sent) => {
      const body = encode([sent]).subarray(FRAME_HEADER_BYTES);
      for (let length = 1; length < Math.min(body.length, 300); length++) {
        onlyProtocolErrors(() => {
          const got = parts([readFrame(body.subarray(0, length), arrival)]);
          // Only between two messages.
          assert.equal(sent.kind, 'Raft');
          assert.deepEqual(got, parts([sent]).slice(0, got.length));
        });
      }
    }),
    { numRuns: 50 },
  );
});

test('the length of a frame is checked before memory is taken for it', () => {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(MAX_FRAME_BYTES + 1);
  assert.throws(() => decode([header]), /a frame of 1048577 bytes was announced, allowed are 1 to 1048576/);
});

test('a frame over the limit is left out and what was gathered before and after it stays', () => {
  const writer = new FrameWriter(100_000);
  const small: PeerFrame = { kind: 'Call', id: 1, method: 'a', body: 'b' };
  const large = (sizeBytes: number): PeerFrame => ({
    kind: 'ForwardedProposals',
    term: 1,
    proposals: [{ sequence: 1, data: Buffer.alloc(sizeBytes) }],
  });
  assert.equal(writeFrame(writer, small), 0);
  assert.equal(writeFrame(writer, large(100_000)), 1);
  assert.equal(writeFrame(writer, large(99_990)), 0);
  assert.equal(writeFrame(writer, { kind: 'Call', id: 1, method: 'a', body: 'x'.repeat(200_000) }), 1);
  assert.equal(writeFrame(writer, small), 0);
  assert.deepEqual(
    decode([Buffer.concat(writer.take())]).map(({ kind }) => kind),
    ['Call', 'ForwardedProposals', 'Call'],
  );
});

test('a turn of more messages than fit a frame goes out in several, in order', () => {
  const writer = new FrameWriter(200_000);
  const append = (index: number, sizeBytes: number): Message => ({
    kind: 'AppendRequest',
    from: FROM,
    to: TO,
    term: 1,
    previousIndex: index,
    previousTerm: 1,
    entries: [{ term: 1, index: index + 1, kind: 0, data: Buffer.alloc(sizeBytes) }],
    commit: 0,
  });
  const sizes = [100, 90_000, 90_000, 90_000, 300_000, 100, 100];
  assert.equal(writeFrame(writer, { kind: 'Raft', messages: sizes.map((size, index) => append(index, size)) }), 1);
  const got = parts(decode([Buffer.concat(writer.take())]));
  const indexes = got.map((part) => (part.kind === 'AppendRequest' ? part.previousIndex : null));
  assert.deepEqual(indexes, [0, 1, 2, 3, 5, 6]);
});

test('a large payload is sent from where it is, without a copy', () => {
  const writer = new FrameWriter(MAX_FRAME_BYTES);
  const data = Buffer.alloc(100_000, 7);
  writeFrame(writer, { kind: 'ForwardedProposals', term: 1, proposals: [{ sequence: 1, data }] });
  assert.ok(writer.take().includes(data));
});

test('bytes that the socket still holds are not overwritten by later frames', () => {
  const writer = new FrameWriter(MAX_FRAME_BYTES);
  const taken: Uint8Array[][] = [];
  const sent: PeerFrame[] = [];
  for (let id = 0; id < 500; id++) {
    const frame: PeerFrame = { kind: 'Call', id, method: 'm', body: 'x'.repeat(id) };
    sent.push(frame);
    writeFrame(writer, frame);
    if (id % 3 === 0) taken.push(writer.take());
  }
  taken.push(writer.take());
  assert.deepEqual(decode([Buffer.concat(taken.flat())]), sent);
});

test('received entry data does not keep the memory of what it came in', () => {
  const bytes = encode([
    { kind: 'ForwardedProposals', term: 1, proposals: [{ sequence: 1, data: Buffer.from('abc') }] },
  ]);
  const [frame] = decode([bytes]);
  assert.ok(frame?.kind === 'ForwardedProposals');
  assert.notEqual(frame.proposals[0]!.data.buffer, bytes.buffer);
});

test('a sender may not pass on what is no natural number', () => {
  const writer = new FrameWriter(MAX_FRAME_BYTES);
  for (const id of [-1, 0.5, 2 ** 53, Number.NaN]) {
    assert.throws(() => writeFrame(writer, { kind: 'CallReply', id, body: null }), RangeError);
  }
});

function encode(sent: readonly PeerFrame[]): Buffer {
  const writer = new FrameWriter(MAX_FRAME_BYTES);
  for (const frame of sent) assert.equal(writeFrame(writer, frame), 0);
  return Buffer.concat(writer.take());
}

function decode(chunks: readonly Buffer[]): PeerFrame[] {
  const reader = new FrameReader(MAX_FRAME_BYTES);
  const got: PeerFrame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk, (body) => {
      got.push(readFrame(body, arrival));
      return true;
    });
  }
  return got;
}

function pieces(bytes: Buffer, nextSize: () => number): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = nextSize();
    cut.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return cut;
}

function onlyProtocolErrors(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
  }
}

/** Messages and other frames in order: where a frame of messages ends means nothing. */
function parts(frames: readonly PeerFrame[]): (Message | PeerFrame)[] {
  return frames.map(plain).flatMap<Message | PeerFrame>((frame) => (frame.kind === 'Raft' ? frame.messages : [frame]));
}

/** Payloads compare by content, whichever class they are of. */
function plain(frame: PeerFrame): PeerFrame {
  if (frame.kind === 'ForwardedProposals') {
    return { ...frame, proposals: frame.proposals.map((one) => ({ ...one, data: new Uint8Array(one.data) })) };
  }
  if (frame.kind !== 'Raft') return frame;
  return {
    kind: 'Raft',
    messages: frame.messages.map((message) =>
      message.kind === 'AppendRequest'
        ? { ...message, entries: message.entries.map((entry) => ({ ...entry, data: new Uint8Array(entry.data) })) }
        : message,
    ),
  };
}

function naturals(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat(300), fc.maxSafeNat());
}

function payloads(): fc.Arbitrary<Uint8Array> {
  const large = fc.tuple(fc.integer({ min: 8_000, max: 40_000 }), fc.nat(255));
  return fc.oneof(
    { weight: 8, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 1, arbitrary: large.map(([sizeBytes, fill]) => Buffer.alloc(sizeBytes, fill)) },
  );
}

function messages(): fc.Arbitrary<Message> {
  const ids = fc.array(fc.nat(20), { maxLength: 5 });
  const common = { from: fc.constant(FROM), to: fc.constant(TO), term: naturals() };
  const kind = <const K extends Message['kind']>(value: K): fc.Arbitrary<K> => fc.constant(value);
  const appends: fc.Arbitrary<Message> = record({
    ...common,
    kind: kind('AppendRequest'),
    previousIndex: fc.nat(2 ** 40),
    previousTerm: naturals(),
    commit: naturals(),
    entries: fc.array(record({ term: naturals(), kind: fc.constantFrom<EntryKind[]>(0, 1), data: payloads() }), {
      maxLength: 8,
    }),
  }).map((append) => ({
    ...append,
    entries: append.entries.map((entry, i) => ({ ...entry, index: append.previousIndex + 1 + i })),
  }));
  return fc.oneof(
    appends,
    record({
      ...common,
      kind: kind('AppendResponse'),
      index: naturals(),
      rejected: fc.boolean(),
      hintIndex: naturals(),
      hintTerm: naturals(),
    }),
    record({
      ...common,
      kind: kind('VoteRequest'),
      isPreVote: fc.boolean(),
      lastIndex: naturals(),
      lastTerm: naturals(),
      isTransfer: fc.boolean(),
    }),
    record({ ...common, kind: kind('VoteResponse'), isPreVote: fc.boolean(), granted: fc.boolean() }),
    record({ ...common, kind: kind('Heartbeat'), commit: naturals(), readCounter: naturals() }),
    record({ ...common, kind: kind('HeartbeatResponse'), readCounter: naturals() }),
    record({
      ...common,
      kind: kind('InstallSnapshot'),
      snapshot: record({
        index: naturals(),
        term: naturals(),
        configuration: record({ voters: ids, leaving: fc.option(ids), learners: ids }),
      }),
    }),
    record({ ...common, kind: kind('ReadIndexRequest'), requestId: naturals() }),
    record({ ...common, kind: kind('ReadIndexResponse'), requestId: naturals(), index: naturals() }),
    record({ ...common, kind: kind('TimeoutNow') }),
  );
}

function frames(): fc.Arbitrary<PeerFrame> {
  const kind = <const K extends PeerFrame['kind']>(value: K): fc.Arbitrary<K> => fc.constant(value);
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  return fc.oneof(
    record({ kind: kind('Raft'), messages: fc.array(messages(), { maxLength: 6 }) }),
    record({
      kind: kind('ForwardedProposals'),
      term: naturals(),
      proposals: fc.array(record({ sequence: naturals(), data: payloads() }), { maxLength: 4 }),
    }),
    record({
      kind: kind('ForwardRefused'),
      term: naturals(),
      sequences: fc.array(naturals(), { maxLength: 5 }),
      reason: fc.string({ unit: 'grapheme' }),
    }),
    record({ kind: kind('Call'), id: naturals(), method: fc.string(), body: json }),
    record({ kind: kind('CallReply'), id: naturals(), body: json }),
  );
}

function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}
