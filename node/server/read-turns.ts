/**
 * Reads of ranges, a few at a time. A large one takes tens of milliseconds of the event loop and megabytes of memory: if a
 * thousand that came together ran together, heartbeats would go unanswered meanwhile, and a leader would lose its place.
 */
import type { Clock, Timer } from './clock.ts';
import { RequestError } from './types.ts';

/** Enough to keep the engine's threads at work. */
const MAX_RUNNING = 16;
/** How much the reads that run may answer together, each taken to be as large as the largest of late. */
const MAX_RUNNING_BYTES = 8 << 20;
/** Below it, the next one need not wait until everything else had its turn. */
const LARGE_BYTES = 256 * 1024;
/** What a read counts as until the size of its answer is known. */
const FIRST_EXPECTED_BYTES = 512 * 1024;
const FORGET = 0.75;

type Waiting = { readonly start: () => void; readonly deadline: Timer };

export class ReadTurns {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #running = 0;
  #expectedBytes = FIRST_EXPECTED_BYTES;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param sizeOf bytes of the answer
   * @param deadlineMs by the clock; one whose turn has not come by then is refused as `overloaded`
   * @param isWanted asked when its turn comes: a read that nobody waits for any more takes none
   */
  run<T>(
    read: () => Promise<T>,
    sizeOf: (result: T) => number,
    deadlineMs: number,
    isWanted: () => boolean = () => true,
  ): Promise<T> {
    if (this.#waiting.size === 0 && this.#hasRoom) return this.#start(read, sizeOf);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        start: () => (isWanted() ? resolve(this.#start(read, sizeOf)) : reject(late())),
        deadline: this.#clock.after(Math.max(0, deadlineMs - this.#clock.nowMs()), () => {
          this.#waiting.delete(waiting);
          reject(late());
        }),
      };
      this.#waiting.add(waiting);
    });
  }

  get #hasRoom(): boolean {
    const running = this.#running;
    return running === 0 || (running < MAX_RUNNING && (running + 1) * this.#expectedBytes <= MAX_RUNNING_BYTES);
  }

  async #start<T>(read: () => Promise<T>, sizeOf: (result: T) => number): Promise<T> {
    this.#running += 1;
    let bytes = 0;
    try {
      const result = await read();
      bytes = sizeOf(result);
      return result;
    } finally {
      this.#expectedBytes = Math.max(bytes, this.#expectedBytes * FORGET);
      // Who has asked for a large one encodes and sends it first, and the loop goes round once.
      if (bytes < LARGE_BYTES) this.#ended();
      else this.#clock.soon(() => this.#ended());
    }
  }

  #ended(): void {
    this.#running -= 1;
    for (const waiting of this.#waiting) {
      if (!this.#hasRoom) return;
      this.#waiting.delete(waiting);
      waiting.deadline.cancel();
      waiting.start();
    }
  }
}

function late(): RequestError {
  return new RequestError(
    'overloaded',
    'this member has more large reads to answer than it can in time; try again later, ask for less at once, or ask another member',
  );
}
