/** A member's clocks: running a little fast or slow, and with a wall clock that is wrong and may jump. */
import type { Clock } from '../../node/server/clock.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** Of the machine: it stays as it is when the process starts again. */
export class SkewedTime {
  /** Seconds that this machine counts in one of the world's. */
  readonly rate: number;
  readonly #scheduler: Scheduler;
  #wallOffsetMs: number;

  constructor(scheduler: Scheduler, rate: number, wallOffsetMs: number) {
    this.#scheduler = scheduler;
    this.rate = rate;
    this.#wallOffsetMs = wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#scheduler.nowMs * this.rate;
  }

  wallMs(): number {
    return Math.floor(SIMULATION_EPOCH_MS + this.#wallOffsetMs + this.monotonicMs());
  }

  jumpWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }
}

/** As one process sees its machine's time. */
export function processClock(time: SkewedTime, life: Life, random: Random): Clock {
  return {
    nowMs: () => time.monotonicMs(),
    wallMs: () => time.wallMs(),
    // A timer is late by what else the process has to do.
    after: (delayMs, callback) => life.after(Math.max(0, delayMs) / time.rate + random.between(0, 0.5), callback),
    soon: (callback) => void life.after(random.between(0, 0.02), callback),
  };
}

/** 2033-05-18: any fixed moment will do. */
const SIMULATION_EPOCH_MS = 2_000_000_000_000;
