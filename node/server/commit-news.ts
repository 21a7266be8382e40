/**
 * When followers hear of a commit that none of them waits for: with the next entries, which are seldom far while someone
 * writes, or by itself once it has waited for them in vain.
 */
import type { Clock, Timer } from './clock.ts';

/** Watchers on followers wait as long. */
const MAX_WAIT_MS = 1;
/** After a wait in vain: writes come too seldom to ride with the next, and watchers would wait for nothing. */
const AT_ONCE_MS = 100;

export class CommitNews {
  readonly #clock: Clock;
  readonly #send: () => void;
  /** Runs while news is held back. */
  #timer: Timer | null = null;
  #mayWaitFromMs = 0;

  /** @param send called when what is held back has waited long enough */
  constructor(clock: Clock, send: () => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Whether news may be held back now. */
  get mayWait(): boolean {
    return this.#clock.nowMs() >= this.#mayWaitFromMs;
  }

  /** To be told after each turn whether it has left news that is held back. */
  turnEnded(isHeld: boolean): void {
    if (isHeld) {
      this.#timer ??= this.#clock.after(MAX_WAIT_MS, this.#waitedInVain);
    } else if (this.#timer !== null) {
      this.#timer.cancel();
      this.#timer = null;
    }
  }

  readonly #waitedInVain = (): void => {
    this.#timer = null;
    this.#mayWaitFromMs = this.#clock.nowMs() + AT_ONCE_MS;
    this.#send();
  };
}
