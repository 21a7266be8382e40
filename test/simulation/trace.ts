/**
 * What happened in a run, as lines and as a hash of them: two runs of one seed must agree on every byte. Only the
 * last lines are kept, unless someone listens.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Scheduler } from './scheduler.ts';

const KEPT_LINES = 400;

export class Trace {
  readonly #scheduler: Scheduler;
  readonly #hash: Hash = createHash('sha256');
  readonly #listener: ((line: string) => void) | null;
  #last: string[] = [];
  #lineCount = 0;
  #unhashed = '';

  constructor(scheduler: Scheduler, listener: ((line: string) => void) | null = null) {
    this.#scheduler = scheduler;
    this.#listener = listener;
  }

  add(line: string): void {
    const stamped = `${this.#scheduler.nowMs.toFixed(3)} ${line}`;
    this.#unhashed += `${stamped}\n`;
    if (this.#unhashed.length > 1 << 16) this.#absorb();
    this.#lineCount++;
    this.#last.push(stamped);
    if (this.#last.length > 2 * KEPT_LINES) this.#last = this.#last.slice(-KEPT_LINES);
    this.#listener?.(stamped);
  }

  get lineCount(): number {
    return this.#lineCount;
  }

  lastLines(count: number): readonly string[] {
    return this.#last.slice(-count);
  }

  /** Ends the trace. */
  digest(): string {
    this.#absorb();
    return this.#hash.digest('hex');
  }

  #absorb(): void {
    this.#hash.update(this.#unhashed);
    this.#unhashed = '';
  }
}
