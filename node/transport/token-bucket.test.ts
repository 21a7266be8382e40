import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.ts';

test('a user that waits as told never exceeds rate and burst, and is not slowed below the rate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1000, max: 1_000_000 }),
      fc.array(fc.record({ count: fc.integer({ min: 1, max: 50_000 }), idleMs: fc.nat(200) }), { minLength: 1 }),
      (perSecond, takes) => {
        const bucket = new TokenBucket(perSecond, 0);
        let nowMs = 0;
        let total = 0;
        let idleMs = 0;
        for (const take of takes) {
          nowMs += take.idleMs;
          idleMs += take.idleMs;
          nowMs += bucket.takeMs(take.count, nowMs);
          total += take.count;
          assert.ok(total <= (nowMs / 1000) * perSecond + perSecond * 0.1 + 1e-3);
        }
        assert.ok(nowMs <= idleMs + (total / perSecond) * 1000 + 1e-3);
      },
    ),
  );
});

test('without a limit nobody waits', () => {
  const bucket = new TokenBucket(Number.POSITIVE_INFINITY, 0);
  for (const nowMs of [0, 0, 1]) assert.equal(bucket.takeMs(1e12, nowMs), 0);
});
