/**
 * A lock that one holder has at a time, and a fencing revision that makes it safe. The lock alone excludes nobody for
 * certain: a holder that was paused may go on after its lease ran out. So give `fence` to whatever the lock protects and
 * let that refuse a lower one than it has seen; in Quorate itself: `compare.createRevision(lock.key, '=', lock.fence)`.
 */

import type { CallOptions } from './caller.ts';
import type { Client } from './client.ts';
import { CompactedError, QuorateError } from './errors.ts';
import type { KeyValue } from './key-value.ts';
import type { HeldLease } from './lease.ts';

export type LockOptions = {
  /** How long the lock outlives a holder that dies. Default 10. */
  readonly ttlSeconds?: number | undefined;
  /** Stored in the key for others to see. */
  readonly value?: string | undefined;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
};

export type Lock = {
  /** The key that stands for the lock while it is held. */
  readonly key: string;
  /** Higher for each later holder. */
  readonly fence: number;
  /** Aborted when the lock is lost or may be; see `HeldLease.lost`. */
  readonly lost: AbortSignal;
  unlock(options?: CallOptions): Promise<void>;
};

const TTL_SECONDS = 10;

/** Waits in line: whoever asked first is next, and one release wakes one waiter. */
export async function acquireLock(client: Client, name: string, options: LockOptions = {}): Promise<Lock> {
  const { ttlSeconds = TTL_SECONDS, value = '', signal } = options;
  const lease = await client.holdLease(ttlSeconds, { signal });
  const waiting = new AbortController();
  const giveUp = () => waiting.abort(signal?.reason);
  const losePlace = () => waiting.abort(lease.lost.reason);
  signal?.addEventListener('abort', giveUp, { once: true });
  lease.lost.addEventListener('abort', losePlace, { once: true });
  try {
    const place = await takePlace(client, name, lease, value, waiting.signal);
    await waitForTurn(client, name, place, waiting.signal);
    return { key: place.key, fence: place.createRevision, lost: lease.lost, unlock: (call) => lease.release(call) };
  } catch (error) {
    // Without this, our key would stay in the queue and block those behind it until the lease expires.
    await lease.release().catch(() => undefined);
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
    lease.lost.removeEventListener('abort', losePlace);
  }
}

/** Who holds the lock now; null when it is free. */
export async function lockHolder(client: Client, name: string, options: CallOptions = {}): Promise<KeyValue | null> {
  return (await line(client, name, options.signal)).places[0] ?? null;
}

async function takePlace(
  client: Client,
  name: string,
  lease: HeldLease,
  value: string,
  signal: AbortSignal,
): Promise<KeyValue> {
  const key = `${name}/${lease.id}`;
  await client.put(key, value, { lease: lease.id, signal });
  const place = await client.get(key, { signal });
  return place ?? lostWhileWaiting(name);
}

async function waitForTurn(client: Client, name: string, place: KeyValue, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { places, revision } = await line(client, name, signal);
    const mine = places.findIndex((other) => other.key === place.key);
    if (mine < 0) lostWhileWaiting(name);
    if (mine === 0) return;
    await deletionOf(client, places[mine - 1]!.key, revision + 1, signal);
  }
}

/** Everyone who waits and, first, the one who holds, in the order in which they came. */
async function line(
  client: Client,
  name: string,
  signal?: AbortSignal,
): Promise<{ places: KeyValue[]; revision: number }> {
  const places: KeyValue[] = [];
  let revision = 0;
  for await (const page of client.pages({ prefix: `${name}/`, signal })) {
    places.push(...page.items);
    if (revision === 0) revision = page.revision;
  }
  places.sort((a, b) => a.createRevision - b.createRevision);
  return { places, revision };
}

async function deletionOf(client: Client, key: string, startRevision: number, signal: AbortSignal): Promise<void> {
  try {
    for await (const batch of client.watch({ key, startRevision, signal })) {
      if (batch.events.some((event) => event.type === 'delete')) return;
    }
  } catch (error) {
    // The deletion may lie in history that is compacted; the caller looks at the queue again, which shows it too.
    if (!(error instanceof CompactedError)) throw error;
  }
  signal.throwIfAborted();
}

function lostWhileWaiting(name: string): never {
  throw new QuorateError('lease_lost', `lock '${name}': the lease ran out while waiting in line`);
}
