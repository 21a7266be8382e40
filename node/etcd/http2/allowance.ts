/** How often something may happen: so many at once, and so many a second after that. */

export class Allowance {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #updatedMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#left = burst;
    this.#updatedMs = nowMs;
  }

  /** False when it has happened too often. The clock is asked only when what was left is used up. */
  spend(now: () => number, count = 1): boolean {
    if (this.#left < count) {
      const nowMs = now();
      this.earn((nowMs - this.#updatedMs) * this.#perMs);
      this.#updatedMs = nowMs;
    }
    this.#left -= count;
    return this.#left >= 0;
  }

  earn(count: number): void {
    this.#left = Math.min(this.#burst, this.#left + count);
  }
}
