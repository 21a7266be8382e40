/** Keeps a rate in the long run and allows short bursts. */
const BURST_SECONDS = 0.1;

export class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #lastMs: number;

  /** @param perSecond Infinity for no limit */
  constructor(perSecond: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#capacity = perSecond * BURST_SECONDS;
    this.#tokens = this.#capacity;
    this.#lastMs = nowMs;
  }

  /** How long to wait before `count` may be used. They count as used now, so that several users share fairly. */
  takeMs(count: number, nowMs: number): number {
    if (this.#perMs === Number.POSITIVE_INFINITY) return 0; // 0 ms times Infinity would be NaN
    this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#lastMs) * this.#perMs) - count;
    this.#lastMs = nowMs;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs;
  }
}
