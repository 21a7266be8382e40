/**
 * One watch. Synced, it has a queue of what was applied, bounded in bytes; when that is over, or the watch begins in
 * the past, it is slow: it has a position in history instead, which moves only as its consumer pulls. It is synced
 * again at the moment when its position passes the newest revision, so nothing is missed and nothing comes twice.
 */
import type { DraftEvent } from './draft.ts';
import { invariant, StoreError } from './errors.ts';
import { includes } from './key-range.ts';
import { type Position, type StoredEvent, toKeyValue } from './row-values.ts';
import type { Keys, KeyValue, Watch, WatchBatch, WatchedEvent, WatchOptions } from './types.ts';
import type { WatchHub } from './watch-hub.ts';

/** `previous` as far as memory has it; else it is looked up when the batch is delivered. */
type Queued = { readonly event: StoredEvent; readonly previous: KeyValue | null };
type QueuedBatch = { readonly revision: number; readonly events: readonly Queued[]; readonly sizeBytes: number };

/** Of an event or a mark, beside its key and values. */
const OVERHEAD_BYTES = 128;

export class Watcher implements Watch {
  readonly keys: Keys;
  readonly revision: number;
  readonly #options: WatchOptions;
  readonly #maxQueuedBytes: number;
  readonly #firstRevision: number;
  #hub: WatchHub;
  #queue: QueuedBatch[] = [];
  #queuedBytes = 0;
  /** Of the revision that is being published. */
  #gathered: Queued[] = [];
  #gatheredBytes = 0;
  /** Where to read on in history; null while synced. */
  #position: Position | null;
  /** Read from history, its revision perhaps not complete yet. */
  #partial: { readonly revision: number; readonly events: Queued[] } | null = null;
  #wake: (() => void) | null = null;
  #isIterated = false;
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
    // A slow one gets its mark when it has caught up.
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

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch, void, undefined> {
    invariant(!this.#isIterated, 'a watch is iterated once');
    this.#isIterated = true;
    try {
      while (!this.#isClosed) {
        const batch = this.#queue.shift();
        if (batch !== undefined) {
          this.#queuedBytes -= batch.sizeBytes;
          yield { revision: batch.revision, events: await this.#withPrevious(batch.events) };
        } else if (this.#position !== null) {
          await this.#readOn(this.#position);
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.close();
    }
  }

  /** Keeps an event of the revision being published, if wanted. True for the first one. */
  gather({ event, previous }: DraftEvent): boolean {
    if (!this.#wants(event)) return false;
    const { key, value } = event.item;
    const isPreviousAtHand = this.#options.returnPrevious && previous !== null && previous.value !== null;
    this.#gathered.push({ event, previous: isPreviousAtHand ? toKeyValue(previous, previous.value) : null });
    this.#gatheredBytes += OVERHEAD_BYTES + key.length + value.length + (isPreviousAtHand ? previous.valueBytes : 0);
    return this.#gathered.length === 1;
  }

  /** Queues what was gathered of a revision, all of which was published. */
  take(revision: number): void {
    const batch = { revision, events: this.#gathered, sizeBytes: this.#gatheredBytes };
    this.#gathered = [];
    this.#gatheredBytes = 0;
    const next = this.#queue[0];
    if (next !== undefined && this.#queuedBytes + batch.sizeBytes > this.#maxQueuedBytes) {
      // What a mark stands for was delivered before it was queued.
      const isMark = next.events.length === 0;
      const undelivered = isMark ? next.revision + 1 : next.revision;
      this.#position = { revision: Math.max(this.#firstRevision, undelivered), sub: 0 };
      this.#queue = [];
      this.#queuedBytes = 0;
      this.#hub.demoted(this);
      return;
    }
    this.#enqueue(batch);
  }

  /** Goes on from another hub's history; what is queued is still good. */
  moveTo(hub: WatchHub): void {
    const next = Math.max(this.#firstRevision, this.#hub.revision + 1);
    this.#position ??= { revision: next, sub: 0 };
    this.#hub = hub;
    this.#wakeUp();
  }

  async #readOn(position: Position): Promise<void> {
    const { history, revision: last } = this.#hub;
    if (position.revision > last) {
      this.#finishPartial();
      this.#position = null;
      this.#hub.promoted(this);
      this.#enqueueMark();
      return;
    }
    this.#assertNotCompacted(position);
    let events: readonly StoredEvent[];
    try {
      events = await history.slice(position, last);
    } catch (error) {
      // The state was replaced meanwhile: the new one is asked for the same.
      if (this.#isClosed || history !== this.#hub.history) return;
      throw error;
    }
    if (this.#isClosed || history !== this.#hub.history) return;
    // Rows may have gone while they were read.
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
    if (this.#partial !== null && this.#partial.revision !== revision) this.#finishPartial();
    if (!includes(this.keys, event.item.key) || !this.#wants(event)) return;
    this.#partial ??= { revision, events: [] };
    this.#partial.events.push({ event, previous: null });
  }

  #finishPartial(): void {
    if (this.#partial === null) return;
    this.#enqueue({ ...this.#partial, sizeBytes: 0 });
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
    if (last?.events.length === 0) {
      this.#queue.pop();
      this.#queuedBytes -= last.sizeBytes;
    }
    this.#enqueue({ revision: this.#hub.revision, events: [], sizeBytes: OVERHEAD_BYTES });
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

  async #withPrevious(queued: readonly Queued[]): Promise<WatchedEvent[]> {
    const events: WatchedEvent[] = queued.map(({ event, previous }) => ({
      kind: event.kind,
      item: event.item,
      previous,
    }));
    if (!this.#options.returnPrevious) return events;
    const absent: { readonly at: number; readonly position: Position }[] = [];
    const { compactedRevision, history } = this.#hub;
    queued.forEach(({ event, previous }, at) => {
      const isReadable = event.item.modRevision > compactedRevision;
      if (previous === null && event.previous !== null && isReadable) absent.push({ at, position: event.previous });
    });
    if (absent.length === 0) return events;
    const items = await history.items(absent.map(({ position }) => position));
    absent.forEach(({ at }, n) => {
      events[at] = { ...events[at]!, previous: items[n]! };
    });
    return events;
  }
}
