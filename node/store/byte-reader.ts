/**
 * Takes numbers and bytes off a buffer: the reading half of every format in this folder. Bytes are views, not
 * copies. Reading past the end throws `DamagedRecord`, never returns something short.
 */
import { DamagedRecord } from './errors.ts';

export class ByteReader {
  readonly #buffer: Buffer;
  #position: number;

  constructor(data: Uint8Array, position = 0) {
    this.#buffer = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.#position = position;
  }

  u8(): number {
    return this.#buffer[this.#take(1)]!;
  }

  u48(): number {
    return this.#buffer.readUIntBE(this.#take(6), 6);
  }

  u64(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8));
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let length = 1; length <= 8; length += 1) {
      const byte = this.u8();
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      factor *= 128;
    }
    throw new DamagedRecord('a number in a record is larger than 2^53');
  }

  raw(length: number): Buffer {
    const start = this.#take(length);
    return this.#buffer.subarray(start, start + length);
  }

  bytes(): Buffer {
    return this.raw(this.varint());
  }

  text(): string {
    const length = this.varint();
    const start = this.#take(length);
    return this.#buffer.toString('utf8', start, start + length);
  }

  rest(): Buffer {
    return this.raw(this.#buffer.length - this.#position);
  }

  /** Throws unless everything was taken: bytes left over mean that writer and reader disagree. */
  end(): void {
    if (this.#position !== this.#buffer.length) {
      throw new DamagedRecord(`a record has ${this.#buffer.length - this.#position} bytes too many`);
    }
  }

  #take(length: number): number {
    const start = this.#position;
    if (length > this.#buffer.length - start) throw new DamagedRecord('a record ends too early');
    this.#position = start + length;
    return start;
  }
}
