/**
 * A queue of keys and its workers, like client-go's rate-limiting queue. At most one worker at a time works on a key; a
 * key that is added several times waits only once; and a key whose pass failed is retried with growing delays.
 */
import { type Backoff, backoffMs } from './backoff.ts';
import type { Clock, Random, Timer } from './types.ts';

export interface Work {
  /** When to work on the key again even if nobody adds it, in milliseconds; by default only when it is added. */
  readonly againAfterMs?: number;
}

/**
 * One pass for a key. It must observe everything anew, since one pass stands for all calls of `add` before it. A
 * rejected promise counts as a failure. The signal aborts at shutdown.
 */
export type Worker = (key: string, signal: AbortSignal) => Promise<Work>;

export interface WorkQueueObserver {
  depthChanged(waiting: number, running: number): void;
  started(key: string, waitedMs: number): void;
  finished(key: string, durationMs: number): void;
  failed(key: string, error: unknown, durationMs: number, failures: number, retryInMs: number): void;
}

export interface WorkQueueOptions {
  readonly worker: Worker;
  readonly workers: number;
  readonly clock: Clock;
  readonly random: Random;
  /** The delays after failures; default: from 0.25 s to 60 s. */
  readonly backoff?: Backoff;
  readonly observer?: WorkQueueObserver;
}

/** The state of a key that waits, is being worked on, or failed in its last pass; other keys have no entry. */
interface Entry {
  failures: number;
  running: boolean;
  /** Since when the key has waited for a worker, in monotonic time; null if it does not. */
  readySinceMs: number | null;
  timer: { readonly timer: Timer; readonly dueMs: number } | null;
}

export class WorkQueue {
  readonly #worker: Worker;
  readonly #workers: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backoff: Backoff;
  readonly #observer: WorkQueueObserver | undefined;
  readonly #entries = new Map<string, Entry>();
  /** Keys that wait for a worker, in the order in which they were added. */
  readonly #ready = new Set<string>();
  readonly #passes = new Set<Promise<void>>();
  #running = 0;
  readonly #stopping = new AbortController();

  constructor({ worker, workers, clock, random, backoff, observer }: WorkQueueOptions) {
    this.#worker = worker;
    this.#workers = workers;
    this.#clock = clock;
    this.#random = random;
    this.#backoff = backoff ?? { firstMs: 250, mostMs: 60_000 };
    this.#observer = observer;
  }

  /** The number of keys that wait for a worker. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Queues the key for the next free worker. This also ends a backoff, since something has changed for the key. */
  add(key: string): void {
    if (this.#stopping.signal.aborted) return;
    const entry = this.#entryOf(key);
    entry.readySinceMs ??= this.#clock.nowMs();
    if (!entry.running) this.#ready.add(key);
    this.#changed();
    this.#start();
  }

  /** Queues the key after `delayMs`, or earlier if it is added. Of several calls, the earliest time counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const entry = this.#entryOf(key);
    const dueMs = this.#clock.nowMs() + delayMs;
    if (entry.timer !== null && entry.timer.dueMs <= dueMs) return;
    entry.timer?.timer.cancel();
    const timer = this.#clock.after(delayMs, () => {
      entry.timer = null;
      this.add(key);
    });
    entry.timer = { timer, dueMs };
  }

  /** Drops all waiting keys, aborts the signal of running passes, and resolves when those have ended. */
  async shutDown(): Promise<void> {
    this.#stopping.abort();
    for (const entry of this.#entries.values()) entry.timer?.timer.cancel();
    this.#entries.clear();
    this.#ready.clear();
    await Promise.all(this.#passes);
  }

  #start(): void {
    for (const key of this.#ready) {
      if (this.#running >= this.#workers) return;
      this.#ready.delete(key);
      // Counted before the pass starts: its first synchronous part may add keys, which calls this function again.
      this.#running += 1;
      const pass = this.#pass(key, this.#entryOf(key));
      this.#passes.add(pass);
      void pass.then(() => {
        this.#passes.delete(pass);
        this.#running -= 1;
        this.#changed();
        this.#start();
      });
    }
  }

  async #pass(key: string, entry: Entry): Promise<void> {
    const startedMs = this.#clock.nowMs();
    this.#observer?.started(key, startedMs - (entry.readySinceMs ?? startedMs));
    entry.running = true;
    entry.readySinceMs = null;
    entry.timer?.timer.cancel();
    entry.timer = null;
    try {
      const { againAfterMs } = await this.#worker(key, this.#stopping.signal);
      entry.failures = 0;
      this.#observer?.finished(key, this.#clock.nowMs() - startedMs);
      if (againAfterMs !== undefined) this.addAfter(key, againAfterMs);
    } catch (error) {
      entry.failures += 1;
      const retryInMs = backoffMs(this.#backoff, entry.failures, this.#random);
      this.#observer?.failed(key, error, this.#clock.nowMs() - startedMs, entry.failures, retryInMs);
      // A failing pass may cause an event for its own key. Without this, the event would end the backoff at once.
      entry.readySinceMs = null;
      this.addAfter(key, retryInMs);
    }
    entry.running = false;
    if (this.#stopping.signal.aborted) return;
    if (entry.readySinceMs !== null) this.#ready.add(key);
    else if (entry.timer === null) this.#entries.delete(key);
  }

  #entryOf(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { failures: 0, running: false, readySinceMs: null, timer: null };
    this.#entries.set(key, entry);
    return entry;
  }

  #changed(): void {
    this.#observer?.depthChanged(this.#ready.size, this.#running);
  }
}
