/** Leases as entries change them. Who is due is the leader's to say (lease-clock.ts): here no time passes. */
import type { Draft } from './draft.ts';
import { failed, invariant } from './errors.ts';
import type {
  Failed,
  LeaseCheckpoint,
  LeaseExpire,
  LeaseGrant,
  LeaseId,
  LeaseResult,
  LeaseRevoke,
  LeasesResult,
} from './types.ts';

export function executeLeaseGrant(draft: Draft, { id, ttlSeconds }: LeaseGrant, index: number): LeaseResult | Failed {
  if (draft.leases.get(id) !== null) return failed('lease_exists', `there is a lease ${id} already`);
  draft.leases.set({ id, ttlSeconds, remainingSeconds: ttlSeconds, epoch: index });
  return { kind: 'Lease', revision: draft.revision, id, ttlSeconds };
}

export async function executeLeaseRevoke(draft: Draft, { id }: LeaseRevoke): Promise<LeasesResult | Failed> {
  if (draft.leases.get(id) === null) return failed('lease_not_found', `there is no lease ${id}`);
  return drop(draft, [id]);
}

export async function executeLeaseExpire(draft: Draft, { leases }: LeaseExpire): Promise<LeasesResult> {
  const due = leases.filter(({ id, epoch }) => draft.leases.get(id)?.epoch === epoch).map(({ id }) => id);
  return drop(draft, [...new Set(due)]);
}

export function executeLeaseCheckpoint(draft: Draft, { leases }: LeaseCheckpoint): LeasesResult {
  const affected: LeaseId[] = [];
  for (const { id, remainingSeconds } of leases) {
    const lease = draft.leases.get(id);
    if (lease === null) continue;
    draft.leases.set({ ...lease, remainingSeconds: Math.min(remainingSeconds, lease.ttlSeconds) });
    affected.push(id);
  }
  return { kind: 'Leases', revision: draft.revision, affected };
}

/** Removes leases with all keys attached to them, in one revision and in order of key. */
async function drop(draft: Draft, ids: readonly LeaseId[]): Promise<LeasesResult> {
  const keys: Buffer[] = [];
  for (const id of ids) {
    for (const key of await draft.leases.keysOf(id)) keys.push(key);
  }
  keys.sort((a, b) => a.compare(b));
  await draft.load(keys);
  for (const key of keys) {
    const lease = draft.version(key)?.lease;
    invariant(lease !== undefined && ids.includes(lease), 'a key is attached to a lease that it does not carry');
    draft.delete(key);
  }
  for (const id of ids) draft.leases.remove(id);
  return { kind: 'Leases', revision: draft.readRevision, affected: ids };
}
