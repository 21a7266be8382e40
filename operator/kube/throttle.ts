/**
 * A rate limit (token bucket) for the operator's own requests, so that neither a bug nor a burst of events floods the
 * API server. First come, first served: each request reserves the next free point in time.
 */
export interface Rate {
  readonly perSecond: number;
  /** How many requests may be sent at once after a quiet period. */
  readonly burst: number;
}

export class Throttle {
  readonly #spacingMs: number;
  readonly #credit: number;
  /** When the bucket will be full again; each request moves this time on by one spacing. */
  #fullAtMs = Number.NEGATIVE_INFINITY;
  #heldUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ perSecond, burst }: Rate) {
    this.#spacingMs = 1000 / perSecond;
    this.#credit = this.#spacingMs * (burst - 1);
  }

  /** Reserves the next free point in time, and returns how many milliseconds away it is. */
  reserve(nowMs: number): number {
    const free = Math.max(this.#fullAtMs, nowMs);
    this.#fullAtMs = free + this.#spacingMs;
    return Math.max(0, free - this.#credit - nowMs, this.#heldUntilMs - nowMs);
  }

  /** Whether a request would have to wait now. */
  isEmpty(nowMs: number): boolean {
    return Math.max(this.#fullAtMs - this.#credit, this.#heldUntilMs) > nowMs;
  }

  /** Delays every request until then, as an overloaded API server demands with `Retry-After`. */
  hold(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
  }
}
