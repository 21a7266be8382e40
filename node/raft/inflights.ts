/** The window of AppendRequests that a follower has not answered yet, limited by number and by bytes. */

/** Past this many freed slots the arrays are shortened. */
const COMPACT_AFTER = 64;

export class Inflights {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  /** Last index and bytes of each message, oldest at `#head`. */
  #lastIndexes: number[] = [];
  #bytes: number[] = [];
  #head = 0;
  #totalBytes = 0;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#lastIndexes.length - this.#head;
  }

  /** One message may pass the byte limit, so that an entry larger than it is not stuck for ever. */
  get isFull(): boolean {
    return this.count >= this.#maxMessages || this.#totalBytes >= this.#maxBytes;
  }

  add(lastIndex: number, sizeBytes: number): void {
    this.#lastIndexes.push(lastIndex);
    this.#bytes.push(sizeBytes);
    this.#totalBytes += sizeBytes;
  }

  /** An acknowledgement stands for everything before it, so lost answers free their slots too. */
  freeThrough(index: number): void {
    while (this.#head < this.#lastIndexes.length && (this.#lastIndexes[this.#head] as number) <= index) {
      this.#totalBytes -= this.#bytes[this.#head] as number;
      this.#head++;
    }
    if (this.#head === this.#lastIndexes.length) this.reset();
    else if (this.#head >= COMPACT_AFTER) {
      this.#lastIndexes.splice(0, this.#head);
      this.#bytes.splice(0, this.#head);
      this.#head = 0;
    }
  }

  reset(): void {
    this.#lastIndexes.length = 0;
    this.#bytes.length = 0;
    this.#head = 0;
    this.#totalBytes = 0;
  }
}
