import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ConnectionError } from './errors.ts';
import { FrameReader } from './frame-reader.ts';

type Plain = { type: number; flags: number; streamId: number; payload: string };

function bytesOf({ type, flags, streamId, payload }: Plain): Buffer {
  const body = Buffer.from(payload, 'latin1');
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, body]);
}

function read(chunks: readonly Buffer[]): Plain[] {
  const reader = new FrameReader();
  const frames: Plain[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== null; frame = reader.next()) {
      const { type, flags, streamId, bytes, start, end } = frame;
      frames.push({ type, flags, streamId, payload: bytes.toString('latin1', start, end) });
    }
  }
  return frames;
}

const three: Plain[] = [
  { type: 0, flags: 1, streamId: 0x7fffffff, payload: 'hello' },
  { type: 4, flags: 0, streamId: 0, payload: '' },
  { type: 255, flags: 255, streamId: 3, payload: '\xff'.repeat(300) },
];

test('frames may be cut at any byte', () => {
  const bytes = Buffer.concat(three.map(bytesOf));
  for (let at = 0; at <= bytes.length; at += 1) {
    assert.deepEqual(read([bytes.subarray(0, at), bytes.subarray(at)]), three);
  }
});

test('frames may come in pieces of any size', () => {
  const bytes = Buffer.concat(three.map(bytesOf));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (sizes) => {
      const chunks: Buffer[] = [];
      for (let at = 0, n = 0; at < bytes.length; n += 1) {
        const size = sizes[n % sizes.length]!;
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      assert.deepEqual(read(chunks), three);
    }),
  );
});

test('the reserved bit is ignored', () => {
  assert.equal(read([Buffer.from([0, 0, 0, 4, 0, 0x80, 0, 0, 1])])[0]?.streamId, 1);
});

test('a frame of more than 16 KiB is refused by its head alone', () => {
  const whole = { type: 0, flags: 0, streamId: 1, payload: 'x'.repeat(16_384) };
  assert.deepEqual(read([bytesOf(whole)]), [whole]);
  assert.throws(() => read([Buffer.from([0, 0x40, 1, 0, 0, 0, 0, 0, 1])]), ConnectionError);
});
