/**
 * When leases are due, as the leader counts it. Made anew at each election from the seconds that the last checkpoints
 * left; everything else that it decides goes through the log. Times are of one monotonic clock, in milliseconds.
 */
import { invariant } from './errors.ts';
import { Heap } from './heap.ts';
import type { Lease, LeaseId } from './types.ts';

/** A lease that lives longer is checkpointed this often, so that elections do not make it start anew (etcd issue 9888). */
export const CHECKPOINT_INTERVAL_MS: number = 5 * 60 * 1000;
/** The most leases that end by one entry. */
const MAX_DUE = 1000;

type Running = {
  readonly id: LeaseId;
  readonly epoch: number;
  readonly ttlSeconds: number;
  expiresAtMs: number;
  /** An expiry is on its way through the log. */
  isExpiring: boolean;
  /** The log holds, or may hold, fewer remaining seconds than the lease was granted. */
  isShortened: boolean;
  /** Checkpoints of the full time on their way: a shorter one must not come after them unnoticed. */
  restoring: number;
};

type Alarm = { readonly atMs: number; readonly lease: Running };

export class LeaseClock {
  readonly #leases = new Map<LeaseId, Running>();
  /** One alarm for each lease that is not expiring, put back when it rings too early: a renewal moves none. */
  readonly #expiries = new Heap<Alarm>(isEarlier);
  readonly #checkpoints = new Heap<Alarm>(isEarlier);

  /** To be called when this member has just become leader. */
  start(leases: Iterable<Lease>, nowMs: number): void {
    invariant(this.#leases.size === 0, 'a lease clock is started once');
    for (const lease of leases) this.add(lease, nowMs);
  }

  /** A lease was granted. */
  add(lease: Lease, nowMs: number): void {
    const { id, epoch, ttlSeconds, remainingSeconds } = lease;
    const isShortened = remainingSeconds < ttlSeconds;
    const expiresAtMs = nowMs + remainingSeconds * 1000;
    const running: Running = { id, epoch, ttlSeconds, expiresAtMs, isExpiring: false, isShortened, restoring: 0 };
    this.#leases.set(id, running);
    this.#expiries.push({ atMs: expiresAtMs, lease: running });
    if (ttlSeconds * 1000 > CHECKPOINT_INTERVAL_MS) {
      this.#checkpoints.push({ atMs: nowMs + CHECKPOINT_INTERVAL_MS, lease: running });
    }
  }

  /** A lease was revoked, or has expired. */
  remove(id: LeaseId): void {
    this.#leases.delete(id);
  }

  /**
   * Gives a lease its full time again. False when it is unknown or being expired: the holder must not be told that
   * it still has it. Where `startRestore` then says so, the answer has to wait.
   */
  renew(id: LeaseId, nowMs: number): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.isExpiring) return false;
    lease.expiresAtMs = nowMs + lease.ttlSeconds * 1000;
    return true;
  }

  /**
   * True when a checkpoint of the full time must be committed before a renewal is answered: else the next leader
   * would count from the shorter time in the log, and expire a lease whose holder was promised more. Each true is
   * followed by `endRestore`.
   */
  startRestore(id: LeaseId): boolean {
    const lease = this.#leases.get(id);
    if (!lease?.isShortened) return false;
    lease.restoring += 1;
    return true;
  }

  /** @param isApplied false when the checkpoint was not taken or its fate is unknown: the renewal must not be answered */
  endRestore(id: LeaseId, isApplied: boolean): void {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.restoring === 0) return;
    lease.restoring -= 1;
    if (isApplied) lease.isShortened = false;
  }

  isExpiring(id: LeaseId): boolean {
    return this.#leases.get(id)?.isExpiring ?? false;
  }

  /** The time left, never below 0; 0 for an unknown lease. */
  remainingMs(id: LeaseId, nowMs: number): number {
    return Math.max(0, (this.#leases.get(id)?.expiresAtMs ?? 0) - nowMs);
  }

  /** Leases to expire by one entry, at most 1000; the rest at the next call. They count as expiring from now on. */
  due(nowMs: number): { readonly id: LeaseId; readonly epoch: number }[] {
    const due: { id: LeaseId; epoch: number }[] = [];
    while (due.length < MAX_DUE) {
      const alarm = this.#expiries.peek();
      if (alarm === null || alarm.atMs > nowMs) break;
      this.#expiries.pop();
      const { lease } = alarm;
      if (!this.#isCurrent(lease)) continue;
      if (lease.expiresAtMs > nowMs) {
        this.#expiries.push({ atMs: lease.expiresAtMs, lease });
        continue;
      }
      lease.isExpiring = true;
      due.push({ id: lease.id, epoch: lease.epoch });
    }
    return due;
  }

  /**
   * The entry that was to expire these leases was not taken, or its fate is unknown: they are due again. They go on
   * counting as expiring, because it may yet be applied.
   */
  retryExpiry(ids: Iterable<LeaseId>, nowMs: number): void {
    for (const id of ids) {
      const lease = this.#leases.get(id);
      if (lease?.isExpiring) this.#expiries.push({ atMs: nowMs, lease });
    }
  }

  /** Long leases whose remaining time is to be put in the log, at most 1000; the rest at the next call. */
  checkpointsDue(nowMs: number): { readonly id: LeaseId; readonly remainingSeconds: number }[] {
    const due: { id: LeaseId; remainingSeconds: number }[] = [];
    while (due.length < MAX_DUE) {
      const alarm = this.#checkpoints.peek();
      if (alarm === null || alarm.atMs > nowMs) break;
      this.#checkpoints.pop();
      const { lease } = alarm;
      if (!this.#isCurrent(lease) || lease.isExpiring) continue;
      this.#checkpoints.push({ atMs: nowMs + CHECKPOINT_INTERVAL_MS, lease });
      const remainingSeconds = Math.ceil((lease.expiresAtMs - nowMs) / 1000);
      if (remainingSeconds <= 0 || remainingSeconds >= lease.ttlSeconds || lease.restoring > 0) continue;
      lease.isShortened = true;
      due.push({ id: lease.id, remainingSeconds });
    }
    return due;
  }

  /** False for what was removed, or granted anew under the same id. */
  #isCurrent(lease: Running): boolean {
    return this.#leases.get(lease.id) === lease;
  }
}

function isEarlier(a: Alarm, b: Alarm): boolean {
  return a.atMs < b.atMs;
}
