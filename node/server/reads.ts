/**
 * Linearizable reads (thesis section 6.4): all that arrived in one turn share one read index, and wait until it
 * is applied here.
 */
import type { RequestError } from './types.ts';

type Waiter = {
  readonly deadlineMs: number;
  readonly mayForward: boolean;
  readonly resolve: () => void;
  readonly reject: (error: RequestError) => void;
};

type Round = { readonly waiters: Waiter[]; readonly askedMs: number };

type Unapplied = { readonly index: number; readonly waiters: Waiter[] };

export class Reads {
  /** A round whose question or answer was lost on the way is asked anew after this long. */
  readonly #retryAfterMs: number;
  #lastRequestId = 0;
  #arrived: Waiter[] = [];
  readonly #asked = new Map<number, Round>();
  #unapplied: Unapplied[] = [];

  constructor(retryAfterMs: number) {
    this.#retryAfterMs = retryAfterMs;
  }

  get count(): number {
    let count = this.#arrived.length;
    for (const round of this.#asked.values()) count += round.waiters.length;
    for (const entry of this.#unapplied) count += entry.waiters.length;
    return count;
  }

  wait(deadlineMs: number, mayForward: boolean): Promise<void> {
    return new Promise((resolve, reject) => this.#arrived.push({ deadlineMs, mayForward, resolve, reject }));
  }

  get hasArrived(): boolean {
    return this.#arrived.length > 0;
  }

  /** The id to ask the core with, for everyone who has arrived; 0 when nobody has. */
  startRound(nowMs: number): number {
    if (this.#arrived.length === 0) return 0;
    const id = ++this.#lastRequestId;
    this.#asked.set(id, { waiters: this.#arrived, askedMs: nowMs });
    this.#arrived = [];
    return id;
  }

  confirmed(requestId: number, index: number, appliedIndex: number): void {
    const round = this.#asked.get(requestId);
    if (round === undefined) return;
    this.#asked.delete(requestId);
    if (index <= appliedIndex) for (const waiter of round.waiters) waiter.resolve();
    else this.#unapplied.push({ index, waiters: round.waiters });
  }

  /** The core gives no answer to this one: it is asked again with the next round. */
  dropped(requestId: number): void {
    const round = this.#asked.get(requestId);
    if (round === undefined) return;
    this.#asked.delete(requestId);
    for (const waiter of round.waiters) this.#arrived.push(waiter);
  }

  applied(appliedIndex: number): void {
    if (this.#unapplied.length === 0) return;
    const later: Unapplied[] = [];
    for (const entry of this.#unapplied) {
      if (entry.index > appliedIndex) later.push(entry);
      else for (const waiter of entry.waiters) waiter.resolve();
    }
    this.#unapplied = later;
  }

  /** @param notApplied for those whose index is known, and not reached here */
  expire(nowMs: number, error: () => RequestError, notApplied: () => RequestError): void {
    for (const [id, round] of this.#asked) if (nowMs - round.askedMs > this.#retryAfterMs) this.dropped(id);
    this.#arrived = this.#arrived.filter((waiter) => isInTime(waiter, nowMs, error));
    for (const [id, round] of this.#asked) {
      const waiters = round.waiters.filter((waiter) => isInTime(waiter, nowMs, error));
      if (waiters.length === 0) this.#asked.delete(id);
      else this.#asked.set(id, { waiters, askedMs: round.askedMs });
    }
    this.#unapplied = this.#unapplied
      .map((entry) => ({
        index: entry.index,
        waiters: entry.waiters.filter((waiter) => isInTime(waiter, nowMs, notApplied)),
      }))
      .filter((entry) => entry.waiters.length > 0);
  }

  /** Refuses those who insist on asking the leader itself. */
  rejectUnforwardable(error: () => RequestError): void {
    this.#arrived = this.#arrived.filter((waiter) => {
      if (!waiter.mayForward) waiter.reject(error());
      return waiter.mayForward;
    });
  }

  rejectAll(error: () => RequestError): void {
    const waiting = [...this.#arrived];
    for (const round of this.#asked.values()) waiting.push(...round.waiters);
    for (const entry of this.#unapplied) waiting.push(...entry.waiters);
    this.#arrived = [];
    this.#asked.clear();
    this.#unapplied = [];
    for (const waiter of waiting) waiter.reject(error());
  }
}

function isInTime(waiter: Waiter, nowMs: number, error: () => RequestError): boolean {
  if (waiter.deadlineMs > nowMs) return true;
  waiter.reject(error());
  return false;
}
