/**
 * Keeps our own requests below a rate, so that a mistake of ours, or a storm of events, is no storm for the API server.
 * First come, first served: each request takes the next free place in time.
 */
export interface Rate {
  readonly perSecond: number;
  /** How many may go at once after a quiet time. */
  readonly burst: number;
}

export class Throttle {
  readonly #spacingMs: number;
  readonly #credit: number;
  /** When the bucket is full again: a request moves it on by one spacing. */
  #fullAtMs = Number.NEGATIVE_INFINITY;
  #heldUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ perSecond, burst }: Rate) {
    this.#spacingMs = 1000 / perSecond;
    this.#credit = this.#spacingMs * (burst - 1);
  }

  /** Takes the next place, and returns how many milliseconds it is away. */
  reserve(nowMs: number): number {
    const free = Math.max(this.#fullAtMs, nowMs);
    this.#fullAtMs = free + this.#spacingMs;
    return Math.max(0, free - this.#credit - nowMs, this.#heldUntilMs - nowMs);
  }

  /** Whether the next place lies in the future. */
  isEmpty(nowMs: number): boolean {
    return Math.max(this.#fullAtMs - this.#credit, this.#heldUntilMs) > nowMs;
  }

  /** Lets nothing through until then: what an overloaded API server asked for. */
  hold(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
  }
}
