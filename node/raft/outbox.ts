/** What a turn has produced so far, until the driver takes it. */
import type { MemberId, Message, RaftEvent, ReadReady } from './types.ts';

const NOTHING: readonly never[] = Object.freeze([]);

/** A list that is handed over whole: taking it leaves a fresh one, and an empty one costs no allocation. */
export class Outgoing<T> {
  #items: T[] | null = null;

  get isEmpty(): boolean {
    return this.#items === null;
  }

  push(item: T): void {
    if (this.#items === null) this.#items = [item];
    else this.#items.push(item);
  }

  take(): readonly T[] {
    const items = this.#items;
    if (items === null) return NOTHING;
    this.#items = null;
    return items;
  }
}

export class Outbox {
  /** Depend on nothing unsaved. */
  readonly messages: Outgoing<Message> = new Outgoing();
  /** Promise something that must be durable first: votes, acknowledged entries, a term campaigned in. */
  readonly replies: Outgoing<Message> = new Outgoing();
  readonly reads: Outgoing<ReadReady> = new Outgoing();
  readonly droppedReads: Outgoing<number> = new Outgoing();
  readonly snapshotsNeeded: Outgoing<MemberId> = new Outgoing();
  readonly events: Outgoing<RaftEvent> = new Outgoing();

  get isEmpty(): boolean {
    return (
      this.messages.isEmpty &&
      this.replies.isEmpty &&
      this.reads.isEmpty &&
      this.droppedReads.isEmpty &&
      this.snapshotsNeeded.isEmpty &&
      this.events.isEmpty
    );
  }
}
