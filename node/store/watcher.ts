/**
 * One watch. Synced, it has a queue of what was applied, bounded in bytes; when that is over, or the watch begins in
 * the past, it is slow: it has a position in history instead, which moves only as its consumer pulls. It is synced
 * again at the moment when its position passes the newest revision, so nothing is missed and nothing comes twice.
 */
import type { DraftEvent } from './draft.ts';
import { invariant, StoreError } from './errors.ts';
import { includes } from './key-range.ts';
import { QueuedBatch, type SharedBatch } from './queued-batch.ts';
import type { Position, StoredEvent } from './row-values.ts';
import type { Keys, Watch, WatchBatch, WatchOptions } from './types.ts';
import { batchesOf } from './watch-batches.ts';
import type { WatchHub } from './watch-hub.ts';

export class Watcher implements Watch {
  readonly keys: Keys;
  readonly revision: number;
  readonly #options: WatchOptions;
  readonly #maxQueuedBytes: number;
  readonly #firstRevision: number;
  #hub: WatchHub;
  #queue: QueuedBatch[] = [];
  #queuedBytes = 0;
  /** The events of the revision that is being published. */
  #gathered: QueuedBatch | null = null;
  /** Where to read on in history; null while synced. */
  #position: Position | null;
  /** Read from history, its revision perhaps not complete yet. */
  #partial: QueuedBatch | null = null;
  #wake: (() => void) | null = null;
  #isClosed = false;

  constructor(hub: WatchHub, options: WatchOptions, maxQueuedBytes: number) {
    const { startRevision } = options;
    this.keys = options;
    this.revision = hub.revision;
    this.#options = options;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#hub = hub;
    this.#firstRevision = startRevision === 0 ? hub.revision + 1 : startRevision;
    this.#position = this.#firstRevision <= hub.revision ? { revision: this.#firstRevision, sub: 0 } : null;
  }

  get isSlow(): boolean {
    return this.#position !== null;
  }

  requestProgress(): void {
    // A slow watch gets its progress mark once it has caught up.
    if (this.#position === null && !this.#isClosed) this.#enqueueMark();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#hub.forget(this);
    this.#queue = [];
    this.#partial = null;
    this.#wakeUp();
  }

  next(): WatchBatch | null | Promise<WatchBatch | null> {
    if (this.#isClosed) return null;
    const next = this.#queue.shift();
    return next === undefined ? this.#nextLater() : this.#delivered(next);
  }

  [Symbol.asyncIterator](): AsyncGenerator<WatchBatch, void, undefined> {
    return batchesOf(this);
  }

  /** Offers it the only event of a revision, which it may want. */
  offer(event: DraftEvent, shared: SharedBatch): void {
    if (this.#wants(event.event)) this.#queueOrFallBehind(shared.of(event, this.#options.returnPrevious));
  }

  /** Keeps an event of the revision being published, if wanted. True for the first one. */
  gather(event: DraftEvent): boolean {
    if (!this.#wants(event.event)) return false;
    const isFirst = this.#gathered === null;
    this.#gathered ??= new QueuedBatch(event.event.item.modRevision);
    this.#gathered.add(event, this.#options.returnPrevious);
    return isFirst;
  }

  /** Queues what was gathered of a revision, all of which was published. */
  take(): void {
    const gathered = this.#gathered;
    invariant(gathered !== null, 'a watch takes what it has gathered');
    this.#gathered = null;
    this.#queueOrFallBehind(gathered);
  }

  /** Goes on from another hub's history; what is queued is still good. */
  moveTo(hub: WatchHub): void {
    const next = Math.max(this.#firstRevision, this.#hub.revision + 1);
    this.#position ??= { revision: next, sub: 0 };
    this.#hub = hub;
    this.#wakeUp();
  }

  async #nextLater(): Promise<WatchBatch | null> {
    invariant(this.#wake === null, 'a watch is asked for one batch at a time');
    try {
      while (!this.#isClosed) {
        const next = this.#queue.shift();
        if (next !== undefined) return await this.#delivered(next);
        if (this.#position !== null && !this.#hub.isHeld) await this.#readOn(this.#position);
        else await new Promise<void>(this.#sleep);
      }
    } catch (error) {
      this.close();
      throw error;
    }
    return null;
  }

  readonly #sleep = (resolve: () => void): void => {
    this.#wake = resolve;
  };

  #queueOrFallBehind(batch: QueuedBatch): void {
    const next = this.#queue[0];
    if (next !== undefined && this.#queuedBytes + batch.sizeBytes > this.#maxQueuedBytes) {
      // A mark says that everything through its revision was delivered: history is needed from the next one on.
      const undelivered = next.isMark ? next.batch.revision + 1 : next.batch.revision;
      this.#position = { revision: Math.max(this.#firstRevision, undelivered), sub: 0 };
      this.#queue = [];
      this.#queuedBytes = 0;
      this.#hub.demoted(this);
      return;
    }
    this.#enqueue(batch);
  }

  async #readOn(position: Position): Promise<void> {
    const { history, revision: last } = this.#hub;
    if (position.revision > last) {
      this.#finishPartial();
      this.#position = null;
      this.#hub.promoted(this);
      // Who asked for progress while it was slow has waited for this one.
      this.#enqueueMark();
      return;
    }
    this.#assertNotCompacted(position);
    let events: readonly StoredEvent[];
    try {
      events = await history.slice(position, last);
    } catch (error) {
      // A snapshot has replaced the state meanwhile: the same slice is read again from the new one.
      if (this.#isClosed || history !== this.#hub.history) return;
      throw error;
    }
    if (this.#isClosed || history !== this.#hub.history) return;
    // A compaction may have removed rows while they were read.
    this.#assertNotCompacted(position);
    for (const event of events) this.#addPartial(event);
    const end = events.at(-1);
    if (end !== undefined) {
      this.#position = { revision: end.item.modRevision, sub: end.sub + 1 };
      return;
    }
    this.#finishPartial();
    this.#position = { revision: last + 1, sub: 0 };
  }

  #addPartial(event: StoredEvent): void {
    const revision = event.item.modRevision;
    if (this.#partial !== null && this.#partial.batch.revision !== revision) this.#finishPartial();
    if (!includes(this.keys, event.item.key) || !this.#wants(event)) return;
    this.#partial ??= new QueuedBatch(revision);
    this.#partial.addStored(event, this.#options.returnPrevious);
  }

  #finishPartial(): void {
    if (this.#partial === null) return;
    this.#enqueue(this.#partial);
    this.#partial = null;
  }

  #assertNotCompacted({ revision }: Position): void {
    const { compactedRevision } = this.#hub;
    if (revision >= compactedRevision) return;
    const message = `revision ${revision} is compacted: the oldest that can be watched from is ${compactedRevision}`;
    throw new StoreError('compacted', message, compactedRevision);
  }

  #wants({ kind, item }: StoredEvent): boolean {
    if (item.modRevision < this.#firstRevision) return false;
    return kind === 'Put' ? this.#options.skipPuts !== true : this.#options.skipDeletes !== true;
  }

  #enqueueMark(): void {
    // Marks that nobody pulls must not pile up.
    const last = this.#queue.at(-1);
    if (last?.isMark) {
      this.#queue.pop();
      this.#queuedBytes -= last.sizeBytes;
    }
    this.#enqueue(QueuedBatch.mark(this.#hub.revision));
  }

  #enqueue(batch: QueuedBatch): void {
    this.#queue.push(batch);
    this.#queuedBytes += batch.sizeBytes;
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }

  #delivered(next: QueuedBatch): WatchBatch | Promise<WatchBatch | null> {
    this.#queuedBytes -= next.sizeBytes;
    // What is compacted has no previous versions any more.
    const isWhole = next.absent.length === 0 || next.batch.revision <= this.#hub.compactedRevision;
    return isWhole ? next.batch : this.#withPrevious(next);
  }

  async #withPrevious({ batch, absent }: QueuedBatch): Promise<WatchBatch | null> {
    while (this.#hub.isHeld && !this.#isClosed) await new Promise<void>(this.#sleep);
    if (this.#isClosed) return null;
    const items = await this.#hub.history.items(absent.map(({ position }) => position));
    const events = [...batch.events];
    absent.forEach(({ at }, n) => {
      events[at] = { ...events[at]!, previous: items[n]! };
    });
    return { revision: batch.revision, events };
  }
}
