/**
 * The leader's part in leases: it alone counts time, and what it decides goes through the log. Made anew at each
 * election, from the remaining seconds that the last checkpoints left.
 */
import { LeaseClock } from '../store/lease-clock.ts';
import type { Command, Lease, LeaseId } from '../store/types.ts';

export class LeaseKeeper {
  readonly #clock: LeaseClock;
  readonly #propose: (command: Command) => Promise<unknown>;

  /** @param propose rejects when the entry was not taken or its fate is unknown */
  constructor(leases: Iterable<Lease>, nowMs: number, propose: (command: Command) => Promise<unknown>) {
    this.#clock = new LeaseClock();
    this.#clock.start(leases, nowMs);
    this.#propose = propose;
  }

  granted(lease: Lease, nowMs: number): void {
    this.#clock.add(lease, nowMs);
  }

  gone(id: LeaseId): void {
    this.#clock.remove(id);
  }

  /** False when the lease is being expired: its holder must not be told that it still has it. */
  renew(id: LeaseId, nowMs: number): boolean {
    if (this.#clock.isExpiring(id)) return false;
    return this.#clock.renew(id, nowMs);
  }

  remainingMs(id: LeaseId, nowMs: number): number {
    return this.#clock.remainingMs(id, nowMs);
  }

  tick(nowMs: number): void {
    const due = this.#clock.due(nowMs);
    if (due.length > 0) {
      this.#propose({ kind: 'LeaseExpire', leases: due }).catch(() => {
        this.#clock.retryExpiry(
          due.map(({ id }) => id),
          this.#lastTickMs,
        );
      });
    }
    this.#lastTickMs = nowMs;
    const checkpoints = this.#clock.checkpointsDue(nowMs);
    // A checkpoint that is lost costs nothing but a longer lease after the next election.
    if (checkpoints.length > 0) this.#propose({ kind: 'LeaseCheckpoint', leases: checkpoints }).catch(() => {});
  }

  #lastTickMs = 0;
}
