/** Reads the fields of a frame's body, each checked against its end. */
import { ProtocolError } from './protocol-error.ts';

export class BodyReader {
  readonly #body: Buffer;
  /** The type byte was read before. */
  #position = 1;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get remainingBytes(): number {
    return this.#body.length - this.#position;
  }

  byte(): number {
    const value = this.#body[this.#position++];
    if (value === undefined) throw truncated();
    return value;
  }

  natural(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      factor *= 128;
    }
    throw new ProtocolError('a number is over 2^53 - 1');
  }

  flag(): boolean {
    const value = this.byte();
    if (value > 1) throw new ProtocolError(`${value} stands where 0 or 1 is expected`);
    return value === 1;
  }

  float(): number {
    if (this.remainingBytes < 8) throw truncated();
    const value = this.#body.readDoubleLE(this.#position);
    this.#position += 8;
    return value;
  }

  /** A view, with its length before it. */
  bytes(): Buffer {
    const length = this.natural();
    if (length > this.remainingBytes) throw truncated();
    this.#position += length;
    return this.#body.subarray(this.#position - length, this.#position);
  }

  text(): string {
    return this.bytes().toString();
  }

  /** How many elements follow, each of at least `leastBytes`: a false count must not make anyone take memory. */
  count(leastBytes: number): number {
    const count = this.natural();
    if (count * leastBytes > this.remainingBytes) throw truncated();
    return count;
  }

  end(): void {
    if (this.remainingBytes > 0) throw new ProtocolError(`${this.remainingBytes} bytes too many in a frame`);
  }
}

function truncated(): ProtocolError {
  return new ProtocolError('a frame ends within a field');
}
