/**
 * Which keys want work, and who does it: a key is worked on by one worker at a time, waits once however often it is
 * added, and comes back after a failure, later each time. As client-go's rate-limited queue with its workers.
 */
import { type Backoff, backoffMs } from './backoff.ts';
import type { Clock, Random, Timer } from './types.ts';

export interface Work {
  /** When to come back though nothing happens; when absent, the key comes back only when it is added. */
  readonly againAfterMs?: number;
}

/**
 * One pass for a key. It must look at everything anew, since a pass answers all wishes before it; a rejection is a
 * failure. The signal aborts at shutdown.
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
  /** How long failures put a key off; when absent, from 0.25 s to 60 s. */
  readonly backoff?: Backoff;
  readonly observer?: WorkQueueObserver;
}

/** What is known of a key that waits for its turn or its time, is worked on, or failed last; others are not kept. */
interface Entry {
  failures: number;
  running: boolean;
  /** Since when it is ready, or null. */
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
  /** Keys that wait for a worker, first come first. */
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

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Has the key worked on as soon as a worker is free; also while it backs off, since something has happened. */
  add(key: string): void {
    if (this.#stopping.signal.aborted) return;
    const entry = this.#entryOf(key);
    entry.readySinceMs ??= this.#clock.nowMs();
    if (!entry.running) this.#ready.add(key);
    this.#changed();
    this.#start();
  }

  /** Has the key worked on not before `delayMs` from now, unless it is added; of several times the earliest counts. */
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

  /** Drops what waits, aborts the signal of what runs, and ends when that has ended. */
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
      // Before the pass: it begins at once, and may add keys.
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
      // A failing pass that changes what it watches would otherwise call itself at once.
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
