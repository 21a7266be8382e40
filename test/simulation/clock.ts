/** A member's clock, which runs a little fast or slow. */
import type { Clock } from '../../node/server/clock.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Of the machine: it stays as it is when the process starts again. */
export class SkewedTime {
  /** Seconds that this machine counts in one of the world's. */
  readonly rate: number;
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler, rate: number) {
    this.#scheduler = scheduler;
    this.rate = rate;
  }

  monotonicMs(): number {
    return this.#scheduler.nowMs * this.rate;
  }
}

/** As one process sees its machine's time. */
export function processClock(time: SkewedTime, life: Life, random: Random): Clock {
  return {
    nowMs: () => time.monotonicMs(),
    // A timer is late by what else the process has to do.
    after: (delayMs, callback) => life.after(Math.max(0, delayMs) / time.rate + random.between(0, 0.5), callback),
    soon: (callback) => void life.after(random.between(0, 0.02), callback),
  };
}
