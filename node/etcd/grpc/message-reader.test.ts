import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BufferBudget } from './buffer-budget.ts';
import { MessageReader } from './message-reader.ts';
import { Code, GrpcError } from './status.ts';

const tooMany = new GrpcError(Code.ResourceExhausted, 'too much');
const budget = new BufferBudget(1000, tooMany);

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
      const reader = new MessageReader(40, 'identity', new BufferBudget(0, tooMany));
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
      reader.charge(); // nothing is left
    }),
  );
});

test('what is too large is refused by its head alone', () => {
  const reader = new MessageReader(100, 'identity', budget);
  reader.push(Buffer.from([0, 0, 0, 0, 101]));
  assert.throws(() => reader.next(), {
    code: Code.ResourceExhausted,
    message: 'grpc: received message larger than max (101 vs. 100)',
  });
});

test('what is compressed is refused', () => {
  const reader = new MessageReader(100, 'identity', budget);
  reader.push(Buffer.from([1, 0, 0, 0, 1, 7]));
  assert.throws(() => reader.next(), { code: Code.Internal });
});

test('what is held of messages that are not whole counts against what all may hold, until it is released', () => {
  const shared = new BufferBudget(10, tooMany);
  const first = new MessageReader(100, 'identity', shared);
  const second = new MessageReader(100, 'identity', shared);
  first.push(Buffer.concat([framed(Buffer.from('whole')), framed(Buffer.alloc(50)).subarray(0, 6)]));
  assert.equal(first.next()?.toString(), 'whole');
  assert.equal(first.next(), null);
  first.charge();
  second.push(Buffer.alloc(4));
  second.charge();
  second.push(Buffer.alloc(1));
  assert.throws(() => second.charge(), tooMany);
  second.release();
  first.release();
  first.push(Buffer.alloc(4));
  first.charge();
});
