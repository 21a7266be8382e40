/**
 * Simulated time: a queue of events in the order (time, sequence), run one after the other.
 *
 * After each event the microtasks that it caused are run to the end, so that asynchronous production code has
 * gone as far as it can before time moves. This happens inside one synchronous call: the real event loop does
 * not turn during a simulated run, so no real timer, file, thread or socket can have any effect on it.
 */

export type ScheduledEvent = { readonly timeMs: number; readonly sequence: number; run: (() => void) | null };

export class Scheduler {
  nowMs = 0;
  /** Events run so far. */
  stepCount = 0;
  readonly #heap: ScheduledEvent[] = [];
  #sequence = 0;

  /** Runs `run` after `delayMs`; events of one moment run in the order in which they were scheduled. */
  after(delayMs: number, run: () => void): ScheduledEvent {
    if (!(delayMs >= 0)) throw new RangeError(`an event cannot be scheduled in ${delayMs} ms`);
    const event: ScheduledEvent = { timeMs: this.nowMs + delayMs, sequence: this.#sequence++, run };
    this.#push(event);
    return event;
  }

  cancel(event: ScheduledEvent): void {
    event.run = null;
  }

  /** Runs the next event and all microtasks that follow from it. False when nothing is left. */
  step(): boolean {
    for (;;) {
      const event = this.#pop();
      if (event === undefined) return false;
      if (event.run === null) continue;
      this.nowMs = event.timeMs;
      this.stepCount++;
      event.run();
      drainMicrotasks();
      return true;
    }
  }

  #push(event: ScheduledEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): ScheduledEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/**
 * Runs everything that waits in the microtask and nextTick queues, and reports rejections that nobody handles.
 * Only outside of a microtask, hence `synchronously`.
 */
export const drainMicrotasks: () => void = (process as unknown as { _tickCallback: () => void })._tickCallback;

/** Calls `body` where `drainMicrotasks` works: on the bare event loop, not in a promise's continuation. */
export function synchronously<T>(body: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(body());
      } catch (error) {
        reject(error);
      }
    });
  });
}

function isBefore(one: ScheduledEvent, other: ScheduledEvent): boolean {
  return one.timeMs < other.timeMs || (one.timeMs === other.timeMs && one.sequence < other.sequence);
}
