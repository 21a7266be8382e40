import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SendQueue } from './send-queue.ts';

test('bytes come out in order, in whatever pieces are asked for', () => {
  const step = fc.oneof(
    fc.record({ push: fc.uint8Array({ maxLength: 20 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new SendQueue();
      let expected = Buffer.alloc(0);
      for (const what of steps) {
        if ('push' in what) {
          queue.push(Buffer.from(what.push));
          expected = Buffer.concat([expected, what.push]);
        } else if (queue.bytes > 0) {
          const taken = queue.take(what.take);
          assert.ok(taken.length > 0 && taken.length <= what.take);
          assert.ok(taken.equals(expected.subarray(0, taken.length)));
          expected = expected.subarray(taken.length);
        }
        assert.equal(queue.bytes, expected.length);
      }
    }),
  );
});
