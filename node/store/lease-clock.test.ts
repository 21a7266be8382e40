import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CHECKPOINT_INTERVAL_MS, LeaseClock } from './lease-clock.ts';
import type { Lease } from './types.ts';

function lease(id: bigint, ttlSeconds: number, remainingSeconds = ttlSeconds): Lease {
  return { id, ttlSeconds, remainingSeconds, epoch: Number(id) + 100 };
}

function started(leases: Lease[], nowMs = 0): LeaseClock {
  const clock = new LeaseClock();
  clock.start(leases, nowMs);
  return clock;
}

test('a new leader counts from the seconds that the last checkpoint left', () => {
  const clock = started([lease(1n, 1000, 10), lease(2n, 5)], 50_000);
  assert.deepEqual(clock.due(54_999), []);
  assert.deepEqual(clock.due(55_000), [{ id: 2n, epoch: 102 }]);
  assert.equal(clock.remainingMs(1n, 55_000), 5000);
  assert.deepEqual(clock.due(60_000), [{ id: 1n, epoch: 101 }]);
});

test('a renewal gives the full time again, but not while the expiry is on its way', () => {
  const clock = started([lease(1n, 10)]);
  assert.equal(clock.renew(1n, 9_000), true);
  assert.deepEqual(clock.due(18_999), []);
  assert.deepEqual(clock.due(19_000), [{ id: 1n, epoch: 101 }]);
  assert.equal(clock.isExpiring(1n), true);
  assert.equal(clock.renew(1n, 19_001), false);
  assert.equal(clock.renew(2n, 0), false);
});

test('an expiry is due once, and again when it was not taken', () => {
  const clock = started([lease(1n, 1)]);
  assert.equal(clock.due(1000).length, 1);
  assert.deepEqual(clock.due(2000), []);
  clock.retryExpiry([1n, 7n], 2000);
  assert.deepEqual(clock.due(2000), [{ id: 1n, epoch: 101 }]);
  assert.equal(clock.renew(1n, 2000), false);
});

test('a lease granted anew under an old id does not inherit its alarms', () => {
  const clock = started([lease(1n, 1)]);
  clock.remove(1n);
  clock.add({ ...lease(1n, 100), epoch: 7 }, 500);
  assert.deepEqual(clock.due(50_000), []);
  assert.deepEqual(clock.due(100_500), [{ id: 1n, epoch: 7 }]);
});

test('many leases come in bounded portions', () => {
  const clock = started(Array.from({ length: 2500 }, (_, n) => lease(BigInt(n + 1), 1)));
  assert.deepEqual(
    [clock.due(1000), clock.due(1000), clock.due(1000), clock.due(1000)].map((due) => due.length),
    [1000, 1000, 500, 0],
  );
});

test('long leases are checkpointed at intervals, short ones and those just renewed never', () => {
  const clock = started([lease(1n, 3600), lease(2n, 300), lease(3n, 3600)]);
  clock.renew(3n, CHECKPOINT_INTERVAL_MS);
  assert.deepEqual(clock.checkpointsDue(CHECKPOINT_INTERVAL_MS - 1), []);
  assert.deepEqual(clock.checkpointsDue(CHECKPOINT_INTERVAL_MS), [{ id: 1n, remainingSeconds: 3300 }]);
  assert.deepEqual(clock.checkpointsDue(CHECKPOINT_INTERVAL_MS), []);
  assert.deepEqual(clock.checkpointsDue(2 * CHECKPOINT_INTERVAL_MS), [
    { id: 1n, remainingSeconds: 3000 },
    { id: 3n, remainingSeconds: 3300 },
  ]);
});

test('a renewal after a checkpoint must be in the log before it is answered', () => {
  const clock = started([lease(1n, 3600), lease(2n, 3600, 60)]);
  assert.equal(clock.startRestore(1n), false);
  assert.equal(clock.startRestore(2n), true);
  assert.deepEqual(clock.checkpointsDue(CHECKPOINT_INTERVAL_MS), [{ id: 1n, remainingSeconds: 3300 }]);
  assert.equal(clock.startRestore(1n), true);
  clock.endRestore(1n, false);
  assert.equal(clock.startRestore(1n), true);
  assert.deepEqual(
    clock.checkpointsDue(2 * CHECKPOINT_INTERVAL_MS),
    [],
    'a shorter time must not follow the full one into the log',
  );
  clock.endRestore(1n, true);
  assert.equal(clock.startRestore(1n), false);
});

test('leases expire in time and never early, as a naive count says', () => {
  const actions = fc.array(
    fc.record({
      kind: fc.constantFrom('Add', 'Remove', 'Renew', 'Pass'),
      id: fc.bigInt(1n, 6n),
      seconds: fc.integer({ min: 1, max: 20 }),
    }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(actions, (plan) => {
      const clock = started([]);
      const expected = new Map<bigint, { atMs: number; ttlSeconds: number; epoch: number }>();
      let nowMs = 0;
      for (const [epoch, { kind, id, seconds }] of plan.entries()) {
        const known = expected.get(id);
        if (kind === 'Add' && known === undefined) {
          clock.add({ id, ttlSeconds: seconds, remainingSeconds: seconds, epoch }, nowMs);
          expected.set(id, { atMs: nowMs + seconds * 1000, ttlSeconds: seconds, epoch });
        } else if (kind === 'Remove') {
          clock.remove(id);
          expected.delete(id);
        } else if (kind === 'Renew') {
          assert.equal(clock.renew(id, nowMs), known !== undefined);
          if (known !== undefined) known.atMs = nowMs + known.ttlSeconds * 1000;
        } else if (kind === 'Pass') {
          nowMs += seconds * 500;
          const due = [...expected]
            .filter(([, { atMs }]) => atMs <= nowMs)
            .map(([dueId, { epoch: e }]) => ({ id: dueId, epoch: e }));
          const byId = (a: { id: bigint }, b: { id: bigint }): number => Number(a.id - b.id);
          assert.deepEqual(clock.due(nowMs).sort(byId), due.sort(byId));
          for (const { id: dueId } of due) {
            expected.delete(dueId);
            clock.remove(dueId);
          }
        }
      }
    }),
  );
});
