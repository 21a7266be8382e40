import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { MessageReader } from './message-reader.ts';
import { Code } from './status.ts';

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

test('messages come out whole and in order, however they are cut into chunks', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(framed));
      const reader = new MessageReader(40, 'identity');
      const received: Buffer[] = [];
      for (let at = 0, n = 0; at < bytes.length; n += 1) {
        const end = at + cuts[n % cuts.length]!;
        reader.push(bytes.subarray(at, end));
        for (let message = reader.next(); message !== null; message = reader.next()) received.push(message);
        at = end;
      }
      assert.deepEqual(
        received.map((message) => [...message]),
        sent.map((message) => [...message]),
      );
      assert.equal(reader.bufferedBytes, 0);
    }),
  );
});

test('what is too large is refused by its head alone', () => {
  const reader = new MessageReader(100, 'identity');
  reader.push(Buffer.from([0, 0, 0, 0, 101]));
  assert.throws(() => reader.next(), {
    code: Code.ResourceExhausted,
    message: 'grpc: received message larger than max (101 vs. 100)',
  });
});

test('what is compressed is refused', () => {
  const reader = new MessageReader(100, 'identity');
  reader.push(Buffer.from([1, 0, 0, 0, 1, 7]));
  assert.throws(() => reader.next(), { code: Code.Internal });
});
