/**
 * A watch that outlives the member it began on: after a broken stream it goes on at another one, right behind the last
 * revision that was delivered. All events of a revision come together, in order, none left out, none twice.
 */
import { type Bytes, setParameter } from './bytes.ts';
import type { Caller } from './caller.ts';
import { errorFromAnswer, QuorateError } from './errors.ts';
import { EventStream, type ServerEvent } from './event-stream.ts';
import { KeyValue } from './key-value.ts';
import { isPassing } from './retry.ts';
import type { ApiWatchEvents, ApiWatchProgress } from './types.ts';
import { waitMs } from './wait.ts';

export type WatchOptions = ({ readonly key: Bytes } | { readonly prefix: Bytes }) & {
  /** First revision wanted, past or future; default: the first after the watch has started. */
  readonly startRevision?: number | undefined;
  /** True: each event comes with the pair that it replaced. */
  readonly prev?: boolean | undefined;
  /** True: also batches without events, which say that everything through their revision was delivered. */
  readonly progress?: boolean | undefined;
  /** Ends the watch, without an error. */
  readonly signal?: AbortSignal | undefined;
};

export type WatchEvent = {
  readonly type: 'put' | 'delete';
  readonly item: KeyValue;
  readonly previous: KeyValue | null;
};
/** All that the watch wants of one revision. */
export type WatchBatch = { readonly revision: number; readonly events: readonly WatchEvent[] };

/** Members send a mark of progress more often than that; a stream silent for longer has lost its other end. */
const SILENCE_MS = 45_000;
const LONGEST_PAUSE_MS = 1_000;

export class Watch implements AsyncIterable<WatchBatch> {
  readonly #caller: Caller;
  readonly #options: WatchOptions;
  /** The next revision wanted; null until a member has said where the watch begins. */
  #next: number | null;
  #stream: EventStream | null = null;
  #started: Promise<number> | null = null;

  constructor(caller: Caller, options: WatchOptions) {
    this.#caller = caller;
    this.#options = options;
    this.#next = options.startRevision ?? null;
  }

  /**
   * Connects. Resolves with the revision that the watch begins at, once nothing from there on can be missed. Iterating
   * starts by itself; call this before doing something whose event must be seen.
   */
  start(): Promise<number> {
    this.#started ??= this.#begin();
    return this.#started;
  }

  async close(): Promise<void> {
    await this.#stream?.close();
    this.#stream = null;
  }

  /**
   * Once started, it waits for members that are away without end: bound that by `signal`, which ends it quietly.
   *
   * @throws {CompactedError} when history is gone from the next revision on; {QuorateError} for what no retry mends
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch, void, void> {
    const { signal, progress } = this.#options;
    try {
      await this.start();
      while (signal?.aborted !== true) {
        this.#stream ??= await this.#reopen();
        const event = await this.#stream.next(SILENCE_MS, signal);
        const batch = event === null ? await this.#pause() : await this.#take(event);
        if (batch !== null && (batch.events.length > 0 || progress === true)) yield batch;
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    } finally {
      await this.close();
    }
  }

  async #begin(): Promise<number> {
    for (;;) {
      this.#stream = await this.#open();
      if (this.#next !== null) return this.#next;
      // Every stream begins with a progress event, whose revision is the last one before the watch.
      const event = await this.#stream.next(SILENCE_MS, this.#options.signal);
      this.#options.signal?.throwIfAborted();
      if (event === null) await this.#pause();
      else await this.#take(event);
      if (this.#next !== null) return this.#next;
    }
  }

  async #reopen(): Promise<EventStream> {
    for (;;) {
      try {
        return await this.#open();
      } catch (error) {
        if (!(error instanceof QuorateError) || !isPassing(error)) throw error;
      }
    }
  }

  async #open(): Promise<EventStream> {
    const { signal, prev } = this.#options;
    const query = new URLSearchParams();
    if ('key' in this.#options) setParameter(query, 'key', this.#options.key);
    else setParameter(query, 'prefix', this.#options.prefix);
    if (this.#next !== null) query.set('start_revision', String(this.#next));
    if (prev === true) query.set('prev', 'true');
    const headers = { accept: 'text/event-stream' };
    return this.#caller.call(
      { method: 'GET', path: '/v1/watch', query, headers, isRepeatable: true },
      { signal },
      async (response) => {
        if (response.body === null) throw new Error('the answer has no body');
        return new EventStream(response.body);
      },
    );
  }

  /** Null where the event brings nothing new. */
  async #take(event: ServerEvent): Promise<WatchBatch | null> {
    if (event.event === 'failure') {
      const error = errorFromAnswer(0, JSON.parse(event.data), 'the watch');
      if (!isPassing(error)) throw error;
      return this.#pause();
    }
    if (event.event === 'progress') {
      const { revision } = JSON.parse(event.data) as ApiWatchProgress;
      if (this.#next !== null && revision < this.#next) return null;
      this.#next = revision + 1;
      return { revision, events: [] };
    }
    if (event.event !== 'events') return null;
    const { revision, events } = JSON.parse(event.data) as ApiWatchEvents;
    // After a reconnect, the new stream may repeat revisions that the old one delivered.
    if (this.#next !== null && revision < this.#next) return null;
    this.#next = revision + 1;
    return { revision, events: events.map(watchEvent) };
  }

  /** Random, so that the watchers of a member that died do not all come back in the same moment. */
  async #pause(): Promise<null> {
    await this.close();
    await waitMs(LONGEST_PAUSE_MS * Math.random() ** 2, this.#options.signal);
    return null;
  }
}

function watchEvent(event: ApiWatchEvents['events'][number]): WatchEvent {
  return {
    type: event.type,
    item: KeyValue.fromApi(event.item),
    previous: event.previous === undefined ? null : KeyValue.fromApi(event.previous),
  };
}
