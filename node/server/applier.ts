/**
 * Applies committed entries to the store, in order, one batch at a time; each configuration ends its batch, because
 * it must be durable before it is used or acknowledged.
 */
import { type Entry, EntryKind } from '../raft/types.ts';
import { decodeProposal } from '../store/codec.ts';
import type { Store } from '../store/store.ts';
import type { CommittedEntry, Membership, Result } from '../store/types.ts';
import type { Clock } from './clock.ts';
import { assertSpoken } from './format.ts';
import type { Observer } from './observer.ts';

export type ApplierEvents = {
  /** Applied and visible to reads; `results` in the order of the entries, `bytes` of all their data. */
  applied(entries: readonly CommittedEntry[], results: readonly (Result | null)[], bytes: number): void;
  /** The batch ended with a configuration entry. Resolves when the present membership is durable and in use. */
  configurationApplied(index: number, membership: Membership): Promise<void>;
  fatal(error: unknown): void;
};

/** Bounds one engine write, so that readers and the heartbeat are not kept waiting by a long replay. */
const MAX_BATCH_ENTRIES = 1024;
const MAX_BATCH_BYTES = 4 << 20;

type Between = { readonly run: () => Promise<void>; readonly reject: (error: unknown) => void };

export class Applier {
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #events: ApplierEvents;
  #store: Store;
  #queue: Entry[] = [];
  #between: Between[] = [];
  #isRunning = false;
  #isStopped = false;
  #failure: { readonly error: unknown } | null = null;
  #idle: (() => void)[] = [];

  constructor(store: Store, clock: Clock, observer: Observer, events: ApplierEvents) {
    this.#store = store;
    this.#clock = clock;
    this.#observer = observer;
    this.#events = events;
  }

  /** A batch is under way, or waits for one. */
  get isApplying(): boolean {
    return this.#isRunning;
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) this.#queue.push(entry);
    this.#start();
  }

  /**
   * Runs with no batch in flight: what it reads stands for exactly `store.appliedIndex`. Rejects, too, when a batch has
   * failed: what the state stands for is then not known.
   */
  between<T>(action: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) throw this.#failure.error;
      this.#between.push({ run: () => action().then(resolve, reject), reject });
      this.#start();
    });
  }

  /** Goes on with the state that a snapshot has brought; entries that it covers are dropped. Call within `between`. */
  replaceStore(store: Store): void {
    this.#store = store;
    this.#queue = this.#queue.filter((entry) => entry.index > store.appliedIndex);
  }

  /** Drops what has not begun and resolves when nothing is in flight. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#queue = [];
    if (this.#isRunning) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#run().catch((error: unknown) => {
      this.#failure = { error };
      this.#isStopped = true;
      for (const { reject } of this.#between.splice(0)) reject(error);
      this.#ended();
      this.#events.fatal(error);
    });
  }

  async #run(): Promise<void> {
    while (this.#between.length > 0 || (this.#queue.length > 0 && !this.#isStopped)) {
      const action = this.#between.shift();
      if (action !== undefined) await action.run();
      else await this.#applyBatch(this.#takeBatch());
    }
    this.#ended();
  }

  #ended(): void {
    this.#isRunning = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #applyBatch(batch: readonly Entry[]): Promise<void> {
    const startedMs = this.#clock.nowMs();
    const offered = batch.map(decodeEntry);
    const results = await this.#store.apply(offered);
    const entries = offered.slice(0, results.length);
    if (results.length < batch.length) this.#queue.unshift(...batch.slice(results.length));
    assertSpoken(this.#store.format);
    this.#observer.applied((this.#clock.nowMs() - startedMs) / 1000, entries.length);
    const last = entries.at(-1);
    if (last?.isConfiguration) await this.#events.configurationApplied(last.index, this.#store.membership);
    let bytes = 0;
    for (let n = 0; n < entries.length; n += 1) bytes += batch[n]!.data.length;
    this.#events.applied(entries, results, bytes);
  }

  #takeBatch(): Entry[] {
    let end = 0;
    let bytes = 0;
    while (end < this.#queue.length && end < MAX_BATCH_ENTRIES && bytes < MAX_BATCH_BYTES) {
      const entry = this.#queue[end] as Entry;
      bytes += entry.data.length;
      end++;
      if (entry.kind === EntryKind.Configuration) break;
    }
    return this.#queue.splice(0, end);
  }
}

function decodeEntry(entry: Entry): CommittedEntry {
  return {
    index: entry.index,
    term: entry.term,
    isConfiguration: entry.kind === EntryKind.Configuration,
    proposal: entry.data.length === 0 ? null : decodeProposal(entry.data),
  };
}
