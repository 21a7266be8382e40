/** Keeps an act that changes nothing from being made over and over without a pause. It decides nothing. */
import type { Act } from './decide/types.ts';

const FIRST_MS = 250;
const MOST_MS = 10_000;

export class Pacing {
  /** The last act of each RaftCluster, and how often it was made in a row. */
  readonly #last = new Map<string, { readonly act: string; readonly times: number }>();

  /** How long to wait before the next pass, in milliseconds: 0 after an act that differs from the one before it. */
  afterAct(key: string, act: Act): number {
    const text = JSON.stringify(act);
    const last = this.#last.get(key);
    const times = last?.act === text ? last.times + 1 : 1;
    this.#last.set(key, { act: text, times });
    return times === 1 ? 0 : Math.min(MOST_MS, FIRST_MS * 2 ** (times - 2));
  }

  forget(key: string): void {
    this.#last.delete(key);
  }
}
