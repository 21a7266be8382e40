import assert from 'node:assert/strict';
import test from 'node:test';
import { ProtoWriter } from './writer.ts';

test('a large value is copied once, into memory of about its size', () => {
  const writer = new ProtoWriter();
  const value = Buffer.alloc(1_000_000, 'x');
  for (let n = 0; n < 2; n += 1) {
    const end = writer.position;
    writer.bytes(5, value);
    writer.bytes(1, Buffer.from('key'));
    writer.message(2, end);
    const frame = writer.finishFrame();
    assert.ok(frame.length > value.length);
    assert.ok(frame.buffer.byteLength < 1.01 * frame.length, `${frame.buffer.byteLength} bytes`);
  }
});
