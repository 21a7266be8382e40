/** Bytes of one stream that wait for room, in order. They are lent, not copied. */

export class SendQueue {
  #chunks: Buffer[] = [];
  /** The chunk that goes next, and how much of it has gone. */
  #next = 0;
  #offset = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Up to so many bytes of the first chunk; there must be one. */
  take(maxBytes: number): Buffer {
    const chunk = this.#chunks[this.#next]!;
    const end = Math.min(chunk.length, this.#offset + maxBytes);
    const taken = chunk.subarray(this.#offset, end);
    this.#offset = end;
    this.#bytes -= taken.length;
    if (end === chunk.length) this.#advance();
    return taken;
  }

  #advance(): void {
    this.#next += 1;
    this.#offset = 0;
    // What has gone is let go of, but not by moving the rest each time.
    if (this.#next < 32 && this.#next < this.#chunks.length) return;
    this.#chunks = this.#chunks.slice(this.#next);
    this.#next = 0;
  }
}
