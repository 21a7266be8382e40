/** A clock that stands still until a test advances it. */
import type { Clock, Timer } from '../types.ts';

type Due = { readonly atMs: number; readonly callback: () => void };

export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  #wallOffsetMs = 1_700_000_000_000;
  readonly #timers = new Set<Due>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const due = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(due);
    return { cancel: () => this.#timers.delete(due) };
  }

  /** The remaining times of all timers, shortest first. */
  get delaysMs(): number[] {
    return [...this.#timers].map(({ atMs }) => atMs - this.#nowMs).sort((one, other) => one - other);
  }

  /** Advances the clock, and calls back each timer that becomes due, in order of time. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  /** What a suspended process (SIGSTOP) sees when it continues: time has passed, but no timer has fired yet. */
  sleepThrough(ms: number): void {
    this.#nowMs += ms;
  }

  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }
}
