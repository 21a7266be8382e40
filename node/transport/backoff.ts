/**
 * Pauses between attempts to connect: doubling, half of each at random, so that members that lost the same peer do not
 * come back all at once.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #attempts = 0;

  constructor(bounds: { readonly minMs: number; readonly maxMs: number }, random: () => number) {
    this.#minMs = bounds.minMs;
    this.#maxMs = bounds.maxMs;
    this.#random = random;
  }

  nextMs(): number {
    const ceilingMs = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return ceilingMs * (0.5 + 0.5 * this.#random());
  }

  reset(): void {
    this.#attempts = 0;
  }
}
