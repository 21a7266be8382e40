/** Keeps an act that changes nothing, or a pass that gets nowhere, from being made over and over without a pause. */
import type { Act } from './decide/types.ts';

const FIRST_MS = 250;
const MOST_MS = 10_000;
/** What has changed since it was read is looked at again after this long, when the cache has had time to hear of it. */
export const OLD_VIEW_MS = 200;
/** A cache that is behind catches up within fewer passes. */
const MOST_OLD_VIEWS = 10;

export class Pacing {
  /** The last act of each RaftCluster, and how often it was made in a row. */
  readonly #last = new Map<string, { readonly act: string; readonly times: number }>();
  /** Passes in a row over each RaftCluster that ended because their view was old. */
  readonly #oldViews = new Map<string, number>();

  /** How long to wait before the next pass, in milliseconds: 0 after an act that differs from the one before it. */
  afterAct(key: string, act: Act): number {
    const text = JSON.stringify(act);
    const last = this.#last.get(key);
    const times = last?.act === text ? last.times + 1 : 1;
    this.#last.set(key, { act: text, times });
    return times === 1 ? 0 : Math.min(MOST_MS, FIRST_MS * 2 ** (times - 2));
  }

  /**
   * @returns how long to wait before the next pass, in milliseconds; null when so many passes in a row have met an old view
   * that something else must answer so, such as an admission webhook, and the pass has failed
   */
  afterOldView(key: string): number | null {
    const times = (this.#oldViews.get(key) ?? 0) + 1;
    this.#oldViews.set(key, times);
    return times > MOST_OLD_VIEWS ? null : OLD_VIEW_MS;
  }

  /** Whether one more old view is a failure. */
  isViewAlwaysOld(key: string): boolean {
    return (this.#oldViews.get(key) ?? 0) >= MOST_OLD_VIEWS;
  }

  passed(key: string): void {
    this.#oldViews.delete(key);
  }

  forget(key: string): void {
    this.#last.delete(key);
    this.#oldViews.delete(key);
  }
}
