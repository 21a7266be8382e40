import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Batch, findFrameAfter, measureBatch, readBatch, readFrame, writeBatch } from './batch-codec.ts';

const uint53 = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const membership = fc.record({
  configIndex: fc.nat(),
  lastMemberId: fc.nat(),
  members: fc.array(
    fc.record({
      id: fc.nat(),
      name: fc.string({ unit: 'grapheme' }),
      peerAddress: fc.string(),
      incarnation: fc.string(),
    }),
    { maxLength: 3 },
  ),
  voters: fc.array(fc.nat(), { maxLength: 3 }),
  leaving: fc.option(fc.array(fc.nat(), { maxLength: 3 })),
});
const entries = fc
  .record({
    first: fc.nat({ max: 2 ** 50 }),
    entries: fc.array(
      fc.record({
        term: uint53,
        kind: fc.constantFrom(0 as const, 1 as const),
        data: fc.uint8Array({ maxLength: 40 }),
      }),
      { maxLength: 5 },
    ),
  })
  .map(({ first, entries }) =>
    entries.map((entry, at) => ({ index: first + at, ...entry, data: Buffer.from(entry.data) })),
  );
const batches: fc.Arbitrary<Batch> = fc.record({
  kept: fc.option(fc.record({ base: fc.record({ index: uint53, term: uint53 }), lastIndex: uint53 })),
  hardState: fc.option(fc.record({ term: uint53, vote: uint53, commit: uint53 })),
  configuration: fc.option(fc.record({ membership, commit: uint53 })),
  entries,
});

function encode(batch: Batch, sequence = 7, seed = 99): Buffer {
  const measured = measureBatch(batch);
  const bytes = Buffer.alloc(measured.bytes);
  writeBatch(bytes, measured, sequence, seed);
  return bytes;
}

const SMALL: Batch = {
  kept: { base: { index: 3, term: 2 }, lastIndex: 9 },
  hardState: { term: 4, vote: 1, commit: 5 },
  configuration: null,
  entries: [{ index: 10, term: 4, kind: 0, data: Buffer.from('hello') }],
};

test('a batch is read as it was written, wherever it lies', () => {
  fc.assert(
    fc.property(batches, uint53, fc.nat({ max: 2 ** 32 - 1 }), fc.nat({ max: 70 }), (batch, sequence, seed, offset) => {
      const bytes = Buffer.concat([Buffer.alloc(offset, 1), encode(batch, sequence, seed), Buffer.alloc(9, 2)]);
      const frame = readFrame(bytes, offset, seed);
      assert.ok(frame);
      assert.equal(frame.sequence, sequence);
      assert.equal(frame.end, bytes.length - 9);
      assert.deepEqual(readBatch(bytes, frame), JSON.parse(JSON.stringify(batch), revive));
    }),
  );
});

/** JSON is only there to drop the prototypes that fast-check leaves out. */
function revive(_key: string, value: unknown): unknown {
  const json = value as { type?: string; data?: number[] } | null;
  return json?.type === 'Buffer' ? Buffer.from(json.data!) : value;
}

test('a batch that is cut short anywhere is none', () => {
  const bytes = encode(SMALL);
  for (let length = 0; length < bytes.length; length++) assert.equal(readFrame(bytes.subarray(0, length), 0, 99), null);
});

test('a batch with any bit turned over is none', () => {
  const bytes = encode(SMALL);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(readFrame(bytes, 0, 99), null, `bit ${bit}`);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  assert.ok(readFrame(bytes, 0, 99));
});

test('a batch of another segment is none here', () => {
  assert.equal(readFrame(encode(SMALL, 7, 99), 0, 98), null);
});

test('a later batch is found at any byte, an earlier one is not', () => {
  const bytes = Buffer.concat([Buffer.from('QBATQBA'), encode(SMALL, 5), encode(SMALL, 7), Buffer.alloc(3)]);
  assert.equal(findFrameAfter(bytes, 0, 99, 5)?.sequence, 7);
  assert.equal(findFrameAfter(bytes, 0, 99, 7), null);
});

test('entries that do not follow one another are refused', () => {
  const entry = { index: 1, term: 1, kind: 0 as const, data: Buffer.alloc(0) };
  assert.throws(() => encode({ ...SMALL, entries: [entry, { ...entry, index: 3 }] }), /cannot follow/);
});
