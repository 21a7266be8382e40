/** Waits for something to become true that changes only when the driver says so. */
import type { Clock } from './clock.ts';

type Waiter = {
  readonly holds: () => boolean;
  readonly resolve: (holds: boolean) => void;
  readonly cancel: () => void;
};

export class Conditions {
  readonly #clock: Clock;
  #waiters: Waiter[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True as soon as the predicate holds, false when it did not within the time. */
  until(holds: () => boolean, timeoutMs: number): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(holds());
      });
      const waiter: Waiter = { holds, resolve, cancel: () => timer.cancel() };
      this.#waiters.push(waiter);
    });
  }

  /** Call whenever anything that a predicate reads may have changed. */
  changed(): void {
    if (this.#waiters.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.holds()) return true;
      waiter.cancel();
      waiter.resolve(true);
      return false;
    });
  }
}
