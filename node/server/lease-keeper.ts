/**
 * The leader's part in leases: it alone counts time, and what it decides goes through the log. Made anew at each
 * election, from the remaining seconds that the last checkpoints left.
 */
import { LeaseClock } from '../store/lease-clock.ts';
import type { Command, Lease, LeaseId, Result } from '../store/types.ts';
import type { Clock } from './clock.ts';

export class LeaseKeeper {
  readonly #leases = new LeaseClock();
  readonly #clock: Clock;
  readonly #propose: (command: Command) => Promise<Result>;

  /** @param propose rejects when the entry was not taken or its fate is unknown */
  constructor(leases: Iterable<Lease>, clock: Clock, propose: (command: Command) => Promise<Result>) {
    this.#leases.start(leases, clock.nowMs());
    this.#clock = clock;
    this.#propose = propose;
  }

  granted(lease: Lease): void {
    this.#leases.add(lease, this.#clock.nowMs());
  }

  gone(id: LeaseId): void {
    this.#leases.remove(id);
  }

  /**
   * False when the lease is gone or being expired: its holder must not be told that it still has it. Rejects when the
   * log may still say that it has less time than its holder would be promised.
   */
  async renew({ id, ttlSeconds }: Lease): Promise<boolean> {
    if (!this.#leases.renew(id, this.#clock.nowMs())) return false;
    if (!this.#leases.startRestore(id)) return true;
    let isApplied = false;
    try {
      await this.#propose({ kind: 'LeaseCheckpoint', leases: [{ id, remainingSeconds: ttlSeconds }] });
      isApplied = true;
    } finally {
      this.#leases.endRestore(id, isApplied);
    }
    return !this.#leases.isExpiring(id);
  }

  remainingMs(id: LeaseId): number {
    return this.#leases.remainingMs(id, this.#clock.nowMs());
  }

  tick(): void {
    const nowMs = this.#clock.nowMs();
    const due = this.#leases.due(nowMs);
    if (due.length > 0) {
      const retry = (): void => {
        const ids = due.map(({ id }) => id);
        this.#leases.retryExpiry(ids, this.#clock.nowMs());
      };
      this.#propose({ kind: 'LeaseExpire', leases: due }).then(({ kind }) => kind === 'Failed' && retry(), retry);
    }
    const checkpoints = this.#leases.checkpointsDue(nowMs);
    // A checkpoint that is lost costs nothing but a longer lease after the next election.
    if (checkpoints.length > 0) this.#propose({ kind: 'LeaseCheckpoint', leases: checkpoints }).catch(() => {});
  }
}
