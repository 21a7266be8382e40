/**
 * The time that entries carry. It runs while someone leads, on from where the store's was, and is no wall clock: one that
 * was far ahead on a single leader would make the store's time stand still until the others had caught up, and no
 * idempotency key be dropped.
 */
import type { Clock } from './clock.ts';

export class LeaderTime {
  readonly #clock: Clock;
  #beganMs = 0;
  #storeTimeMs = 0;
  #isRunning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param storeTimeMs the latest that was applied when this leadership began, which is now */
  begin(storeTimeMs: number): void {
    this.#beganMs = this.#clock.nowMs();
    this.#storeTimeMs = storeTimeMs;
    this.#isRunning = true;
  }

  end(): void {
    this.#isRunning = false;
  }

  /** While it does not run, `nowMs` would count on from an earlier leadership. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Only while it is running. */
  nowMs(): number {
    return Math.floor(this.#storeTimeMs + this.#clock.nowMs() - this.#beganMs);
  }
}
