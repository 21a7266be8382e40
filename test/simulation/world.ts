/** What everything in one simulated run shares: time, randomness, the trace, and the first thing that went wrong. */
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { Trace } from './trace.ts';

export class World {
  readonly random: Random;
  readonly scheduler: Scheduler = new Scheduler();
  readonly trace: Trace;
  /** Counts of what happened, to see that a run has exercised what it is for. */
  readonly counts: Map<string, number> = new Map();
  #failure: string | null = null;

  constructor(seed: string, listener: ((line: string) => void) | null = null) {
    this.random = new Random(seed);
    this.trace = new Trace(this.scheduler, listener);
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  get failure(): string | null {
    return this.#failure;
  }

  /**
   * Notes that a promise of the product is broken. The run ends after this step: an exception here could be
   * swallowed by the production code that it would pass through.
   */
  fail(message: string): void {
    this.trace.add(`FAILED ${message}`);
    this.#failure ??= message;
  }

  check(holds: boolean, message: () => string): void {
    if (!holds) this.fail(message());
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }
}
