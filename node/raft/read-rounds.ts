/**
 * Linearizable reads on the leader without writing to the log (thesis section 6.4).
 *
 * Reads that wait together share one confirmation round. A round has a number, and its heartbeats carry it; a follower
 * that answers that number or a higher one was still ours after the round began. A read never joins a round that is
 * under way: its heartbeats may have been answered before the read arrived (etcd-io/etcd#20418).
 */
import type { MemberId } from './types.ts';

export type Read = {
  /** Ourselves for a read of this member's own. */
  readonly from: MemberId;
  readonly requestId: number;
};

export type ReadRound = {
  readonly counter: number;
  /** The commit index when the round was sent. */
  readonly index: number;
  readonly reads: readonly Read[];
};

export class ReadRounds {
  #waiting: Read[] = [];
  #round: ReadRound | null = null;

  get inFlight(): ReadRound | null {
    return this.#round;
  }

  /** Reads wait and no round is under way. */
  get isRoundDue(): boolean {
    return this.#round === null && this.#waiting.length > 0;
  }

  add(read: Read): void {
    this.#waiting.push(read);
  }

  start(counter: number, index: number): void {
    this.#round = { counter, index, reads: this.#waiting };
    this.#waiting = [];
  }

  finish(): void {
    this.#round = null;
  }

  /** Every read that has no answer yet. */
  unanswered(): readonly Read[] {
    return this.#round === null ? this.#waiting : [...this.#round.reads, ...this.#waiting];
  }
}
