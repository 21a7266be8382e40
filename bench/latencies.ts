/** Latencies of a run in a fixed array of buckets: 1 % wide, from a microsecond to a minute. */

const GROWTH = 1.01;
const BUCKETS = Math.ceil(Math.log(60e6) / Math.log(GROWTH)) + 1;

export class Latencies {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;

  add(milliseconds: number): void {
    const bucket = Math.ceil(Math.log(Math.max(1, milliseconds * 1000)) / Math.log(GROWTH));
    this.#counts[Math.min(bucket, BUCKETS - 1)]!++;
    this.#total++;
  }

  get count(): number {
    return this.#total;
  }

  /** @param fraction such as 0.99 */
  percentileMs(fraction: number): number {
    const rank = Math.ceil(this.#total * fraction);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= rank && seen > 0) return GROWTH ** bucket / 1000;
    }
    return 0;
  }
}
