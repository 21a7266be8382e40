/**
 * Gathers frames until they are written to a socket: small fields side by side in one buffer, large payloads by
 * reference in between.
 *
 * A frame is: length of the body (u32, little endian), CRC-32 of the body (u32), body. The checksum is there because
 * TCP's lets one in 65,536 damaged segments through, and some virtual networks check none at all: a flipped bit in an
 * entry would make replicas differ for good.
 */
import { crc32 } from 'node:zlib';

export const FRAME_HEADER_BYTES = 8;

/** From this size on a reference is cheaper than a copy. */
const BY_REFERENCE_BYTES = 16 * 1024;
const FIRST_BUFFER_BYTES = 4 * 1024;
/** A larger buffer, from a burst, is not kept. */
const KEPT_BUFFER_BYTES = 256 * 1024;
const NO_BYTES = Buffer.alloc(0);

/** A payload that belongs before the byte at `at`. */
type Reference = { at: number; readonly data: Uint8Array };

export class FrameWriter {
  readonly #maxFrameBytes: number;
  #buffer: Buffer = NO_BYTES;
  /** Bytes before this one were taken. */
  #start = 0;
  #position = 0;
  #references: Reference[] = [];
  #referencedBytes = 0;
  /** Where the frame that is being written begins, and how many references it has. */
  #frameStart = 0;
  #frameReferences = 0;
  /** Taken and not yet released: the socket may still read from the buffer. */
  #outstanding = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of whole frames not yet taken. */
  get pendingBytes(): number {
    return this.#position - this.#start + this.#referencedBytes;
  }

  /** The size of the body that is being written. */
  get bodyBytes(): number {
    let bytes = this.#position - this.#frameStart - FRAME_HEADER_BYTES;
    for (let i = this.#frameReferences; i < this.#references.length; i++) bytes += this.#references[i]!.data.length;
    return bytes;
  }

  begin(type: number): void {
    this.#reserve(FRAME_HEADER_BYTES + 1);
    this.#frameStart = this.#position;
    this.#frameReferences = this.#references.length;
    this.#position += FRAME_HEADER_BYTES;
    this.#buffer[this.#position++] = type;
  }

  /** False when the frame is over the limit; it is then left out as a whole. */
  end(): boolean {
    const bodyStart = this.#frameStart + FRAME_HEADER_BYTES;
    const bodyBytes = this.bodyBytes;
    if (bodyBytes > this.#maxFrameBytes) {
      this.#leaveOut();
      return false;
    }
    let checksum = 0;
    let from = bodyStart;
    for (let i = this.#frameReferences; i < this.#references.length; i++) {
      const { at, data } = this.#references[i]!;
      checksum = crc32(data, crc32(this.#buffer.subarray(from, at), checksum));
      from = at;
    }
    checksum = crc32(this.#buffer.subarray(from, this.#position), checksum);
    this.#buffer.writeUInt32LE(bodyBytes, this.#frameStart);
    this.#buffer.writeUInt32LE(checksum, this.#frameStart + 4);
    return true;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#position++] = value;
  }

  /** A natural number below 2^53, seven bits a byte, lowest first. */
  natural(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`cannot send ${value} as a natural number`);
    this.#reserve(8);
    let rest = value;
    for (; rest >= 0x8000_0000; rest = Math.floor(rest / 128)) this.#buffer[this.#position++] = (rest % 128) | 0x80;
    for (; rest >= 0x80; rest >>>= 7) this.#buffer[this.#position++] = (rest & 0x7f) | 0x80;
    this.#buffer[this.#position++] = rest;
  }

  float(value: number): void {
    this.#reserve(8);
    this.#position = this.#buffer.writeDoubleLE(value, this.#position);
  }

  /** Writes the bytes with their length before them. */
  bytes(data: Uint8Array): void {
    this.natural(data.length);
    this.raw(data);
  }

  /** Writes the bytes without their length: they must be the last of their frame. */
  raw(data: Uint8Array): void {
    if (data.length >= BY_REFERENCE_BYTES) {
      this.#references.push({ at: this.#position, data });
      this.#referencedBytes += data.length;
      return;
    }
    this.#reserve(data.length);
    this.#buffer.set(data, this.#position);
    this.#position += data.length;
  }

  text(value: string): void {
    const sizeBytes = Buffer.byteLength(value);
    this.natural(sizeBytes);
    this.#reserve(sizeBytes);
    this.#position += this.#buffer.write(value, this.#position);
  }

  /** Everything gathered so far, in order. Call `release` once the socket is done with it. */
  take(): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let from = this.#start;
    for (const { at, data } of this.#references) {
      if (at > from) parts.push(this.#buffer.subarray(from, at));
      parts.push(data);
      from = at;
    }
    if (this.#position > from) parts.push(this.#buffer.subarray(from, this.#position));
    this.#start = this.#position;
    this.#references = [];
    this.#referencedBytes = 0;
    this.#outstanding += 1;
    return parts;
  }

  release(): void {
    this.#outstanding -= 1;
    if (this.#outstanding > 0 || this.#position > this.#start) return;
    this.#start = 0;
    this.#position = 0;
    if (this.#buffer.length > KEPT_BUFFER_BYTES) this.#buffer = NO_BYTES;
  }

  #leaveOut(): void {
    this.#position = this.#frameStart;
    for (let i = this.#frameReferences; i < this.#references.length; i++) {
      this.#referencedBytes -= this.#references[i]!.data.length;
    }
    this.#references.length = this.#frameReferences;
  }

  /** What was taken stays where it is, the socket may be reading it; what was not moves to a new buffer. */
  #reserve(sizeBytes: number): void {
    if (this.#position + sizeBytes <= this.#buffer.length) return;
    const kept = this.#position - this.#start;
    let capacity = Math.max(this.#buffer.length, FIRST_BUFFER_BYTES);
    while (capacity < 2 * kept + sizeBytes) capacity *= 2;
    const next = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(next, 0, this.#start, this.#position);
    for (const reference of this.#references) reference.at -= this.#start;
    this.#frameStart -= this.#start;
    this.#position = kept;
    this.#start = 0;
    this.#buffer = next;
  }
}
