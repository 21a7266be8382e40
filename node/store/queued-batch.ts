/** What waits for one who watches. What many watch is made once and waits in many queues. */
import type { DraftEvent } from './draft.ts';
import { type Position, type StoredEvent, toKeyValue } from './row-values.ts';
import type { KeyValue, WatchBatch, WatchedEvent } from './types.ts';

/** What an event or a mark takes beside its key and values. */
const OVERHEAD_BYTES = 128;

/** A version that is wanted and that memory does not have: looked up when the batch is delivered. */
export type Absent = { readonly at: number; readonly position: Position };

export class QueuedBatch {
  readonly batch: WatchBatch;
  sizeBytes = 0;
  readonly absent: Absent[] = [];
  readonly #events: WatchedEvent[] = [];

  constructor(revision: number) {
    this.batch = { revision, events: this.#events };
  }

  /** A mark, which says that everything through `revision` was delivered. */
  static mark(revision: number): QueuedBatch {
    const mark = new QueuedBatch(revision);
    mark.sizeBytes = OVERHEAD_BYTES;
    return mark;
  }

  get isMark(): boolean {
    return this.#events.length === 0;
  }

  add({ event, previous }: DraftEvent, wantsPrevious: boolean): void {
    const { key, value } = event.item;
    const isAtHand = wantsPrevious && previous !== null && previous.value !== null;
    this.#push(event, isAtHand ? toKeyValue(previous, previous.value) : null, wantsPrevious);
    this.sizeBytes += OVERHEAD_BYTES + key.length + value.length + (isAtHand ? previous.valueBytes : 0);
  }

  /** Adds an event from history. No more of that is held than was asked for, so it counts as nothing. */
  addStored(event: StoredEvent, wantsPrevious: boolean): void {
    this.#push(event, null, wantsPrevious);
  }

  #push({ kind, item, previous: position }: StoredEvent, previous: KeyValue | null, wantsPrevious: boolean): void {
    if (wantsPrevious && previous === null && position !== null) {
      this.absent.push({ at: this.#events.length, position });
    }
    this.#events.push({ kind, item, previous });
  }
}

/** The only event of a revision: the same batch for all who watch its key, but for the version before it. */
export class SharedBatch {
  #plain: QueuedBatch | null = null;
  #withPrevious: QueuedBatch | null = null;

  of(event: DraftEvent, wantsPrevious: boolean): QueuedBatch {
    if (wantsPrevious) {
      this.#withPrevious ??= batchOf(event, true);
      return this.#withPrevious;
    }
    this.#plain ??= batchOf(event, false);
    return this.#plain;
  }
}

function batchOf(event: DraftEvent, wantsPrevious: boolean): QueuedBatch {
  const one = new QueuedBatch(event.event.item.modRevision);
  one.add(event, wantsPrevious);
  return one;
}
