import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Throttle } from './throttle.ts';

test('a burst goes at once, and then one in its time', () => {
  const throttle = new Throttle({ perSecond: 10, burst: 3 });
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => throttle.reserve(0)),
    [0, 0, 0, 100, 200],
  );
});

test('credit comes back with time, but never more than the burst', () => {
  const throttle = new Throttle({ perSecond: 10, burst: 2 });
  for (let used = 0; used < 2; used += 1) throttle.reserve(0);
  assert.ok(throttle.isEmpty(0));
  assert.equal(throttle.reserve(100), 0);
  assert.deepEqual(
    [1, 2, 3].map(() => throttle.reserve(60_000)),
    [0, 0, 100],
  );
});

test('what the API server asked for holds everything back', () => {
  const throttle = new Throttle({ perSecond: 10, burst: 2 });
  throttle.hold(5000);
  assert.equal(throttle.reserve(1000), 4000);
});
