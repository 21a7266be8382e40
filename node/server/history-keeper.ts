/** Compacts history by age on the leader: remembers which revision was current when, and lets go of what is too old. */

/** Samples a retention period: how finely the age is known. */
const SAMPLES_PER_RETENTION = 10;

export class HistoryKeeper {
  readonly #retentionMs: number;
  #samples: { readonly atMs: number; readonly revision: number }[] = [];

  /** @param retentionMs 0 keeps everything */
  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
  }

  /** The revision to compact at now, or null. A new leader begins to count anew: history is kept longer, never shorter. */
  tick(nowMs: number, revision: number, compactedRevision: number): number | null {
    if (this.#retentionMs === 0) return null;
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.atMs < this.#retentionMs / SAMPLES_PER_RETENTION) return null;
    this.#samples.push({ atMs: nowMs, revision });
    let target: number | null = null;
    while ((this.#samples[0]?.atMs ?? nowMs) <= nowMs - this.#retentionMs)
      target = this.#samples.shift()?.revision ?? null;
    return target !== null && target > compactedRevision ? target : null;
  }
}
