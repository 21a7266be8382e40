/** Time as the driver sees it, so that a simulated clock can stand in. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic, milliseconds, with fractions. */
  nowMs(): number;
  /** Calls back once, not before `delayMs` from now. Does not keep the process alive by itself. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls back as soon as what has already arrived was taken in: at the end of this turn of the event loop. */
  soon(callback: () => void): void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (callback) => void setImmediate(callback),
};
