/**
 * The requests for writes that wait for their outcome on the member that took them.
 *
 * A proposal is handed to the leader of one term and of no other. As all entries of a term come before those of any
 * later term, the first applied entry of a later term proves that what is still waiting was never committed: it is
 * handed over again, to the new leader, without the risk of applying it twice.
 */
import type { Proposal, Result } from '../store/types.ts';
import { RequestError } from './types.ts';

export type Pending = {
  readonly sequence: number;
  /** Encoded; the leader stamps its time in place. */
  readonly data: Buffer;
  readonly deadlineMs: number;
  /** May be handed over again even when its outcome is unknown: applied once by its key. */
  readonly isIdempotent: boolean;
  readonly mayForward: boolean;
  /** Goes to the log only as it was handed over: the leader's checks of a change hold for its own term alone. */
  readonly isConfiguration: boolean;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: RequestError) => void;
  /** The term of the leader that it was handed to; 0 while it waits for one. */
  term: number;
};

export class Proposals {
  readonly origin: number;
  readonly #maxCount: number;
  readonly #maxBytes: number;
  #lastSequence = 0;
  #bytes = 0;
  readonly #pending = new Map<number, Pending>();
  #waiting: Pending[] = [];
  #waitingBytes = 0;
  /** Sequences that are handed over again though an earlier leader may have committed them: no refusal is certain. */
  readonly #uncertain = new Set<number>();
  /** Lowest term that something was handed over in; above any term when nothing was. */
  #lowestTerm = Number.MAX_SAFE_INTEGER;

  /** @param origin drawn at random for this life of the process, so that entries of an earlier one match nothing */
  constructor(origin: number, maxCount: number, maxBytes: number) {
    this.origin = origin;
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
  }

  /** The size of what waits for a leader to take it. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get count(): number {
    return this.#pending.size;
  }

  nextSequence(): number {
    return ++this.#lastSequence;
  }

  /** @throws RequestError `overloaded` past the limits, before memory grows */
  add(pending: Pending): void {
    this.#hold(pending);
    this.#waiting.push(pending);
    this.#waitingBytes += pending.data.length;
  }

  /** Adds what the leader has already taken in this term. */
  addHandedOver(pending: Pending, term: number): void {
    this.#hold(pending);
    this.markHandedOver([pending], term);
  }

  /** What waits for a leader, oldest first; the caller hands it over and says so, or puts it back. */
  takeWaiting(): Pending[] {
    if (this.#waiting.length === 0) return [];
    const taken = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return taken.filter((pending) => this.#pending.has(pending.sequence));
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  putBack(pendings: readonly Pending[]): void {
    const again = pendings.filter((pending) => !pending.isConfiguration);
    for (const pending of pendings) {
      pending.term = 0;
      if (pending.isConfiguration) this.reject(pending, changeLost());
    }
    for (const pending of again) this.#waitingBytes += pending.data.length;
    this.#waiting = [...again, ...this.#waiting];
  }

  markHandedOver(pendings: readonly Pending[], term: number): void {
    for (const pending of pendings) pending.term = term;
    if (term < this.#lowestTerm) this.#lowestTerm = term;
  }

  /** The leader of `term` did not take these. */
  refused(sequences: readonly number[], term: number): void {
    const again: Pending[] = [];
    for (const sequence of sequences) {
      const pending = this.#pending.get(sequence);
      if (pending !== undefined && pending.term === term) again.push(pending);
    }
    this.putBack(again);
  }

  applied(proposal: Proposal, result: Result): void {
    if (proposal.origin !== this.origin) return;
    const pending = this.#pending.get(proposal.sequence);
    if (pending === undefined) return;
    this.#forget(pending);
    pending.resolve(result);
  }

  /** An entry of this term was applied: see the top of the file. Returns how many are handed over again. */
  reachedTerm(term: number): number {
    if (this.#lowestTerm >= term) return 0;
    const again: Pending[] = [];
    let lowest = Number.MAX_SAFE_INTEGER;
    for (const pending of this.#pending.values()) {
      if (pending.term === 0) continue;
      if (pending.term < term) again.push(pending);
      else if (pending.term < lowest) lowest = pending.term;
    }
    this.#lowestTerm = lowest;
    this.putBack(again);
    return again.length;
  }

  /** A snapshot took the place of entries that would have told the outcome. */
  entriesSkipped(): void {
    const again: Pending[] = [];
    for (const pending of [...this.#pending.values()]) {
      if (pending.term === 0) continue;
      this.#uncertain.add(pending.sequence);
      if (pending.isIdempotent) again.push(pending);
      else this.reject(pending, outcomeUnknown('this member received a snapshot in place of the entries that tell'));
    }
    this.#lowestTerm = Number.MAX_SAFE_INTEGER;
    this.putBack(again);
  }

  reject(pending: Pending, error: RequestError): void {
    if (!this.#pending.has(pending.sequence)) return;
    const isUncertain = this.#uncertain.has(pending.sequence) && error.code !== 'outcome_unknown';
    this.#forget(pending);
    pending.reject(isUncertain ? outcomeUnknown(error.message) : error);
  }

  /** The leader of `term` refuses it for good. A late refusal says nothing of what a later leader was given. */
  abandon(sequence: number, term: number, error: RequestError): void {
    const pending = this.#pending.get(sequence);
    if (pending?.term === term) this.reject(pending, error);
  }

  /** @param noLeader the error for what was never handed to a leader: it certainly did not happen */
  expire(nowMs: number, noLeader: () => RequestError): void {
    for (const pending of this.#pending.values()) {
      if (pending.deadlineMs > nowMs) continue;
      this.reject(pending, pending.term === 0 ? noLeader() : outcomeUnknown('no answer from a quorum in time'));
    }
    this.#dropAnswered();
  }

  rejectAll(error: (pending: Pending) => RequestError): void {
    for (const pending of [...this.#pending.values()]) this.reject(pending, error(pending));
  }

  #hold(pending: Pending): void {
    if (this.#pending.size >= this.#maxCount || this.#bytes + pending.data.length > this.#maxBytes) {
      throw new RequestError(
        'overloaded',
        `${this.#pending.size} writes (${this.#bytes} bytes) are already waiting: retry later`,
      );
    }
    this.#bytes += pending.data.length;
    this.#pending.set(pending.sequence, pending);
  }

  /** What has its answer must not wait on for a leader: without one, nobody else empties the queue. */
  #dropAnswered(): void {
    if (this.#waiting.every(({ sequence }) => this.#pending.has(sequence))) return;
    this.#waiting = this.#waiting.filter(({ sequence }) => this.#pending.has(sequence));
    this.#waitingBytes = this.#waiting.reduce((bytes, { data }) => bytes + data.length, 0);
  }

  #forget(pending: Pending): void {
    this.#pending.delete(pending.sequence);
    this.#uncertain.delete(pending.sequence);
    this.#bytes -= pending.data.length;
  }
}

function changeLost(): RequestError {
  return new RequestError(
    'no_leader',
    'the leader changed before the change of membership was committed: it did not happen, ask again',
  );
}

export function outcomeUnknown(why: string): RequestError {
  return new RequestError(
    'outcome_unknown',
    `the write may or may not have happened: ${why}. Retry with an Idempotency-Key, or read first`,
  );
}
