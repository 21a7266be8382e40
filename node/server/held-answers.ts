/**
 * Answers that wait for whoever has asked, of all connections and both doors together: who asks and does not read must not
 * make memory grow. At the limit reads are refused, and what was left lying for longest is broken off.
 */
import { RequestError } from './types.ts';

/** Smaller ones are not worth counting one by one; larger ones count until their last byte has left. */
export const LARGE_ANSWER_BYTES: number = 64 * 1024;
/** Who reads is left alone: it takes its answer within this, and then a MiB a second. */
const PATIENCE_MS = 5000;
const SLOWEST_BYTES_PER_MS = 1024;
/** Between two looks at all that is held. */
const LOOK_EVERY_MS = 100;

export type HeldAnswer = {
  add(bytes: number): void;
  /** So much has gone, and more may follow. */
  took(bytes: number): void;
  /** All has gone, or nobody wants it any more. */
  end(): void;
};

export class HeldAnswers {
  readonly #nowMs: () => number;
  readonly #maxBytes: number;
  /** The oldest first. */
  readonly #held = new Set<Held>();
  #bytes = 0;
  #lastLookMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: () => number, maxBytes: number) {
    this.#nowMs = nowMs;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param breakOff gives up its connection or stream, where its time is over and there is no room
   * @param isWhole all of the answer is there, and only its end will be told
   */
  hold(bytes: number, breakOff: () => void, { isWhole }: { readonly isWhole: boolean }): HeldAnswer {
    const takesMs = isWhole ? bytes / SLOWEST_BYTES_PER_MS : 0;
    const held = new Held(this.#nowMs() + PATIENCE_MS + takesMs, breakOff, (change) => {
      this.#bytes += change;
      if (held.isOver) this.#held.delete(held);
    });
    this.#held.add(held);
    held.add(bytes);
    return held;
  }

  /** @throws RequestError `overloaded` where nothing more should be read for anyone */
  assertRoom(): void {
    if (this.#bytes < this.#maxBytes) return;
    this.#breakOffLate();
    if (this.#bytes < this.#maxBytes) return;
    throw new RequestError(
      'overloaded',
      `this member is at its limit: answers of ${this.#bytes} bytes wait for clients that do not read them; try again later or at another member`,
    );
  }

  #breakOffLate(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lastLookMs < LOOK_EVERY_MS) return;
    this.#lastLookMs = nowMs;
    for (const held of this.#held) {
      if (this.#bytes < this.#maxBytes) return;
      if (held.dueMs > nowMs) continue;
      held.breakOff();
      // Of a connection's end one hears later, and until then all that are late would be broken off.
      held.end();
    }
  }
}

class Held implements HeldAnswer {
  readonly breakOff: () => void;
  dueMs: number;
  isOver = false;
  readonly #changed: (bytes: number) => void;
  #bytes = 0;

  constructor(dueMs: number, breakOff: () => void, changed: (bytes: number) => void) {
    this.dueMs = dueMs;
    this.breakOff = breakOff;
    this.#changed = changed;
  }

  add(bytes: number): void {
    if (this.isOver) return;
    this.#bytes += bytes;
    this.#changed(bytes);
  }

  took(bytes: number): void {
    this.dueMs += bytes / SLOWEST_BYTES_PER_MS;
    this.add(-bytes);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#changed(-this.#bytes);
  }
}
