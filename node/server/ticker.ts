/** The core's clock. Ticks that a pause has swallowed are not made up for: what came meanwhile has to be read first. */
import type { Clock, Timer } from './clock.ts';

export class Ticker {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #onTick: (nowMs: number) => void;
  #timer: Timer | null = null;
  #nextMs = 0;

  constructor(clock: Clock, tickMs: number, onTick: (nowMs: number) => void) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#onTick = onTick;
  }

  start(): void {
    this.#nextMs = this.#clock.nowMs() + this.#tickMs;
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(): void {
    this.#timer = this.#clock.after(Math.max(0, this.#nextMs - this.#clock.nowMs()), () => {
      const nowMs = this.#clock.nowMs();
      this.#nextMs = nowMs - this.#nextMs < this.#tickMs ? this.#nextMs + this.#tickMs : nowMs + this.#tickMs;
      this.#arm();
      this.#onTick(nowMs);
    });
  }
}
