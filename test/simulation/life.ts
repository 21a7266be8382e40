/**
 * One life of a member's process, from its start until it is killed. Everything that the world wants to tell the
 * process goes through it: nothing reaches a dead process, and what reaches a paused one waits until it goes on.
 */
import type { Scheduler } from './scheduler.ts';

export class Life {
  isAlive = true;
  isPaused = false;
  /** Something was delivered since whoever watches has looked. */
  hasRun = false;
  readonly #scheduler: Scheduler;
  readonly #waiting: (() => void)[] = [];
  readonly #deathListeners = new Set<() => void>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Runs `callback` in the process, now or when it goes on; never once it is dead. */
  deliver(callback: () => void): void {
    if (!this.isAlive) return;
    if (this.isPaused) {
      this.#waiting.push(callback);
    } else {
      this.hasRun = true;
      callback();
    }
  }

  /** As `deliver`, after a while. */
  after(delayMs: number, callback: () => void): { cancel(): void } {
    let isCancelled = false;
    const event = this.#scheduler.after(delayMs, () => this.deliver(() => !isCancelled && callback()));
    return {
      cancel: () => {
        isCancelled = true;
        this.#scheduler.cancel(event);
      },
    };
  }

  /**
   * An operation outside of the process (disk, engine): `effect` happens in the world after `delayMs` even if the
   * process is paused or dead by then, its outcome reaches the process as a promise. A dead process gets no answer.
   */
  operation<T>(delayMs: number, effect: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (!this.isAlive) return promise;
    this.#scheduler.after(delayMs, () => {
      let outcome: () => void;
      try {
        const value = effect();
        outcome = () => resolve(value);
      } catch (error) {
        outcome = () => reject(error);
      }
      this.deliver(outcome);
    });
    return promise;
  }

  pause(): void {
    this.isPaused = true;
  }

  /** What waited is delivered in its order, each as an event of its own. */
  resume(): void {
    this.isPaused = false;
    for (const callback of this.#waiting.splice(0)) this.#scheduler.after(0, () => this.deliver(callback));
  }

  /** Returns how to take the listener away again. */
  onDeath(listener: () => void): () => void {
    this.#deathListeners.add(listener);
    return () => void this.#deathListeners.delete(listener);
  }

  /** At once: whatever the process still does in this moment has no effect on the world. */
  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#waiting.length = 0;
    for (const listener of this.#deathListeners) listener();
  }
}
