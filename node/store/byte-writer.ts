/** Appends numbers and bytes to a growing buffer: the writing half of every format in this folder. */
import { invariant } from './errors.ts';

export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  /** @param sizeBytes a guess of the final size; a good one saves a copy */
  constructor(sizeBytes: number) {
    this.#buffer = Buffer.allocUnsafe(sizeBytes);
  }

  /** What was written. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.length === this.#length ? this.#buffer : this.#buffer.subarray(0, this.#length);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** Big-endian; rows are ordered by these. */
  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32BE(value, this.#length);
  }

  u48(value: number): void {
    this.#reserve(6);
    this.#length = this.#buffer.writeUIntBE(value, this.#length, 6);
  }

  u64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigUInt64BE(value, this.#length);
  }

  /** LEB128, for integers from 0 to 2^53 - 1. */
  varint(value: number): void {
    invariant(Number.isSafeInteger(value) && value >= 0, () => `${value} is not a safe non-negative integer`);
    this.#reserve(8);
    let rest = value;
    // Bit operations only work on 32 bits.
    while (rest > 0x7fff_ffff) {
      this.#buffer[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.#buffer[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes the bytes with their length before them. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  text(text: string): void {
    const sizeBytes = Buffer.byteLength(text);
    this.varint(sizeBytes);
    this.#reserve(sizeBytes);
    this.#length += this.#buffer.write(text, this.#length);
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#length + sizeBytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
