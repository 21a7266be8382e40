/**
 * All watches of a store. One that keeps up gets events as they are applied; one that does not, or that starts in the
 * past, reads history at its consumer's pace and holds no more than a slice of it (etcd issues 16839, 22264).
 */
import type { DraftEvent } from './draft.ts';
import type { History } from './history.ts';
import { SharedBatch } from './queued-batch.ts';
import type { Watch, WatchOptions } from './types.ts';
import { WatchIndex } from './watch-index.ts';
import { Watcher } from './watcher.ts';

export class WatchHub {
  history: History;
  /** Through which everything was published. */
  revision: number;
  compactedRevision: number;
  /** The engine behind `history` is about to be closed: watches wait to be adopted. */
  isHeld = false;
  readonly #maxQueuedBytes: number;
  readonly #all = new Set<Watcher>();
  readonly #synced = new WatchIndex<Watcher>();
  #slowCount = 0;

  constructor(history: History, state: { revision: number; compactedRevision: number }, maxQueuedBytes: number) {
    this.history = history;
    this.revision = state.revision;
    this.compactedRevision = state.compactedRevision;
    this.#maxQueuedBytes = maxQueuedBytes;
  }

  get watcherCount(): number {
    return this.#all.size;
  }

  get slowCount(): number {
    return this.#slowCount;
  }

  watch(options: WatchOptions): Watch {
    const watcher = new Watcher(this, options, this.#maxQueuedBytes);
    this.#all.add(watcher);
    if (watcher.isSlow) this.#slowCount += 1;
    else this.#synced.add(watcher);
    return watcher;
  }

  /** Events of whole revisions, in order, which readers can already see. */
  publish(events: readonly DraftEvent[], state: { revision: number; compactedRevision: number }): void {
    this.compactedRevision = state.compactedRevision;
    if (this.#all.size > this.#slowCount) this.#deliver(events);
    this.revision = state.revision;
  }

  /** Goes on with the watches of `other`, whose store was replaced by a later state of the same log. */
  adopt(other: WatchHub): void {
    for (const watcher of [...other.#all]) {
      other.forget(watcher);
      this.#all.add(watcher);
      watcher.moveTo(this);
      this.#slowCount += 1;
    }
  }

  promoted(watcher: Watcher): void {
    this.#slowCount -= 1;
    this.#synced.add(watcher);
  }

  demoted(watcher: Watcher): void {
    this.#slowCount += 1;
    this.#synced.remove(watcher);
  }

  forget(watcher: Watcher): void {
    if (!this.#all.delete(watcher)) return;
    if (watcher.isSlow) this.#slowCount -= 1;
    else this.#synced.remove(watcher);
  }

  close(): void {
    for (const watcher of [...this.#all]) watcher.close();
  }

  #deliver(events: readonly DraftEvent[]): void {
    const touched: Watcher[] = [];
    let event: DraftEvent;
    let shared: SharedBatch;
    const offer = (watcher: Watcher): void => watcher.offer(event, shared);
    const gather = (watcher: Watcher): void => {
      if (watcher.gather(event)) touched.push(watcher);
    };
    let precedingRevision = 0;
    for (let n = 0; n < events.length; n += 1) {
      event = events[n]!;
      const revision = event.event.item.modRevision;
      const isLast = events[n + 1]?.event.item.modRevision !== revision;
      if (isLast && revision !== precedingRevision) {
        shared = new SharedBatch();
        this.#synced.forEach(event.keyText, offer);
      } else {
        this.#synced.forEach(event.keyText, gather);
      }
      precedingRevision = revision;
      if (!isLast) continue;
      for (const watcher of touched) watcher.take();
      touched.length = 0;
    }
  }
}
