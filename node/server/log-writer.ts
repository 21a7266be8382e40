/**
 * The log's single writer. One durable write is in flight; what the core hands over meanwhile joins the next
 * (group commit), so that batches grow with the disk's latency by themselves.
 */
import type { AppendToken, AppendToLog, Entry, HardState, Message, SnapshotMetadata } from '../raft/types.ts';
import type { DurableConfiguration, LogPosition, RaftLog } from '../storage/types.ts';
import type { Clock } from './clock.ts';
import type { Observer } from './observer.ts';

export type LogWriterEvents = {
  /** Everything that the append stood for is durable. */
  appended(token: AppendToken, replies: readonly Message[]): void;
  /** Installs the staged snapshot with this hard state; the log has restarted after it when this resolves. */
  install(snapshot: SnapshotMetadata, hardState: HardState | null): Promise<void>;
  fatal(error: unknown): void;
};

type Job =
  | { readonly kind: 'Append'; readonly append: AppendToLog }
  | { readonly kind: 'Configuration'; readonly configuration: DurableConfiguration; readonly done: () => void }
  | { readonly kind: 'Cut'; readonly base: LogPosition; readonly done: () => void };

export class LogWriter {
  readonly #log: RaftLog;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #events: LogWriterEvents;
  #queue: Job[] = [];
  #isRunning = false;
  #isStopped = false;
  #hasFailed = false;
  #idle: (() => void)[] = [];

  constructor(log: RaftLog, clock: Clock, observer: Observer, events: LogWriterEvents) {
    this.#log = log;
    this.#clock = clock;
    this.#observer = observer;
    this.#events = events;
  }

  append(append: AppendToLog): void {
    this.#push({ kind: 'Append', append });
  }

  /** Resolves when the configuration, and a commit index not below its own, would survive a crash. */
  recordConfiguration(configuration: DurableConfiguration): Promise<void> {
    return new Promise((done) => this.#push({ kind: 'Configuration', configuration, done }));
  }

  cut(base: LogPosition): Promise<void> {
    return new Promise((done) => this.#push({ kind: 'Cut', base, done }));
  }

  /** Drops what has not begun, or comes later, and resolves when nothing is in flight. Whoever waits for what was dropped goes on: it must know that it was stopped. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const job of this.#queue.splice(0)) if (job.kind !== 'Append') job.done();
    if (this.#isRunning) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #push(job: Job): void {
    if (this.#isStopped) {
      if (job.kind !== 'Append') job.done();
      return;
    }
    this.#queue.push(job);
    if (this.#isRunning || this.#hasFailed) return;
    this.#isRunning = true;
    this.#run().catch((error: unknown) => {
      this.#hasFailed = true;
      this.#ended();
      this.#events.fatal(error);
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const first = this.#queue[0] as Job;
      if (first.kind === 'Cut') {
        this.#queue.shift();
        await this.#log.cut(first.base);
        first.done();
      } else if (first.kind === 'Append' && first.append.snapshot !== null) {
        this.#queue.shift();
        await this.#installSnapshot(first.append, first.append.snapshot);
      } else {
        await this.#writeBatch(takeBatch(this.#queue));
      }
    }
    this.#ended();
  }

  #ended(): void {
    this.#isRunning = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #installSnapshot(append: AppendToLog, snapshot: SnapshotMetadata): Promise<void> {
    await this.#events.install(snapshot, append.hardState);
    if (append.entries.length > 0) {
      await this.#log.append({ hardState: null, entries: append.entries, configuration: null });
    }
    this.#events.appended(append.token, append.replies);
  }

  async #writeBatch(jobs: readonly Job[]): Promise<void> {
    let hardState: HardState | null = null;
    let configuration: DurableConfiguration | null = null;
    let entries: Entry[] = [];
    for (const job of jobs) {
      if (job.kind === 'Configuration') configuration = job.configuration;
      if (job.kind !== 'Append') continue;
      if (job.append.hardState !== null) hardState = job.append.hardState;
      entries = overwrite(entries, job.append.entries);
    }
    if (hardState !== null || configuration !== null || entries.length > 0) {
      const startedMs = this.#clock.nowMs();
      await this.#log.append({ hardState, entries, configuration });
      let bytes = 0;
      for (const entry of entries) bytes += entry.data.length;
      this.#observer.logAppended((this.#clock.nowMs() - startedMs) / 1000, entries.length, bytes);
    }
    for (const job of jobs) {
      if (job.kind === 'Append') this.#events.appended(job.append.token, job.append.replies);
      else job.done();
    }
  }
}

/** Everything from the head of the queue that may share one write. */
function takeBatch(queue: Job[]): Job[] {
  let end = 0;
  while (end < queue.length) {
    const job = queue[end] as Job;
    if (job.kind === 'Cut' || (job.kind === 'Append' && job.append.snapshot !== null)) break;
    end++;
  }
  return queue.splice(0, end);
}

/** What the log would hold had both been written one after the other: the later entries replace a conflicting tail. */
function overwrite(earlier: Entry[], later: readonly Entry[]): Entry[] {
  const first = later[0];
  if (first === undefined) return earlier;
  const start = earlier[0];
  if (start === undefined || first.index <= start.index) return [...later];
  const kept = first.index - start.index;
  if (kept > earlier.length) throw new Error(`log write would leave a hole before index ${first.index}`);
  if (kept < earlier.length) earlier.length = kept;
  for (const entry of later) earlier.push(entry);
  return earlier;
}
