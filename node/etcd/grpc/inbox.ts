/** Messages of one caller, in order, for a handler that pulls them. The stream is held back while too many wait. */

/** One handler at a time takes them; it may stop at any time. */
export class Inbox implements AsyncIterable<Buffer> {
  readonly #waiting: Buffer[] = [];
  readonly #onEmpty: () => void;
  #bytes = 0;
  #isEnded = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  /** @param onEmpty everything was taken: more is welcome */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(message: Buffer): void {
    this.#waiting.push(message);
    this.#bytes += message.length;
    this.#wakeUp();
  }

  /** What waits is still taken. */
  end(): void {
    this.#isEnded = true;
    this.#wakeUp();
  }

  /** Thrown once what waits is taken. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.end();
  }

  /** The caller has gone: what waits has no use any more. */
  discard(): void {
    this.#waiting.length = 0;
    this.#bytes = 0;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        this.#bytes -= message.length;
        yield message;
      } else if (this.#isEnded) {
        if (this.#failure !== null) throw this.#failure;
        return;
      } else {
        this.#onEmpty();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
