import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { QuorateError } from './errors.ts';
import { HeldLease } from './lease.ts';

function leases(keepAlive: (id: string) => Promise<{ ttlSeconds: number }>) {
  const revoked: string[] = [];
  return { revoked, keepAlive, revokeLease: async (id: string) => void revoked.push(id) };
}

test('a lease is renewed several times within its life, and revoked on release', async () => {
  const renewals = Promise.withResolvers<void>();
  let count = 0;
  const fake = leases(async () => {
    if (++count === 3) renewals.resolve();
    return { ttlSeconds: 1.5 };
  });
  const lease = new HeldLease(fake, '7', 1.5, performance.now());
  await Promise.race([renewals.promise, once(lease.lost, 'abort')]);
  assert.equal(lease.lost.aborted, false);
  await lease.release();
  assert.deepEqual(fake.revoked, ['7']);
  assert.equal(lease.lost.aborted, false);
});

test('a lease that no member renews is lost when its time is over, and not before', async () => {
  const startMs = performance.now();
  const fake = leases(async () => {
    throw new QuorateError('no_leader', 'nobody leads');
  });
  const lease = new HeldLease(fake, '7', 0.15, startMs);
  await once(lease.lost, 'abort');
  assert.ok(performance.now() - startMs >= 149);
  assert.equal(lease.lost.reason.code, 'lease_lost');
});

test('a lease that is gone at the members is lost at once', async () => {
  const fake = leases(async () => {
    throw new QuorateError('lease_not_found', 'no lease 7', { status: 404 });
  });
  const lease = new HeldLease(fake, '7', 1.5, performance.now());
  await once(lease.lost, 'abort');
  assert.match(lease.lost.reason.message, /no lease 7/);
  await lease.release();
});
