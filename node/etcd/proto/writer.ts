/**
 * Writes a protobuf message from its end to its start: the length of what is nested is then known when it is to be
 * written, and nothing is measured beforehand. So an encoder writes its fields last to first:
 *
 *     const end = writer.position;
 *     encodeHeader(writer, message.header);
 *     writer.message(1, end);
 *
 * Zero, false and empty are left out, as proto3 does.
 */

const INITIAL_BYTES = 16 * 1024;
/** Messages of one kind differ a little in size. */
const SLACK_BYTES = 1024;
/** What comes after a large message may be much smaller, and would keep all of its buffer. */
const MOST_EXPECTED_BYTES = 64 * 1024;
const FRAME_HEAD_BYTES = 5;
const MAX_VARINT_BYTES = 10;

const VARINT = 0;
const LENGTH_DELIMITED = 2;

export class ProtoWriter {
  /** For most messages; a larger one gets a buffer of its own, which leaves with it. */
  readonly #own = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #buffer: Buffer = this.#own;
  #start: number = INITIAL_BYTES;
  /** The size of the last message that outgrew its own buffer: the next one of its kind need not grow step by step. */
  #largeBytes = 0;

  /** Counts down; only ever given back to `message`. */
  get position(): number {
    return this.#buffer.length - this.#start;
  }

  /** Closes a nested message that was written since `position` was `end`. */
  message(field: number, end: number): void {
    this.#varint(this.position - end);
    this.#varint(field * 8 + LENGTH_DELIMITED);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length > 0) this.bytesItem(field, value);
  }

  /** One of a repeated field: also an empty one counts. */
  bytesItem(field: number, value: Uint8Array): void {
    this.raw(value);
    this.#varint(value.length);
    this.#varint(field * 8 + LENGTH_DELIMITED);
  }

  string(field: number, value: string): void {
    if (value.length > 0) this.bytesItem(field, Buffer.from(value));
  }

  bool(field: number, value: boolean): void {
    if (!value) return;
    this.#varint(1);
    this.#varint(field * 8 + VARINT);
  }

  /** A field of any of the integer types; the value may be negative. */
  integer(field: number, value: number): void {
    if (value === 0) return;
    this.integerItem(field, value);
  }

  /** Also 0: where a oneof must say which one it is. */
  integerItem(field: number, value: number): void {
    if (value < 0) this.#bigVarint(BigInt(value));
    else this.#varint(value);
    this.#varint(field * 8 + VARINT);
  }

  /** An int64 or uint64 beyond what a number holds. */
  bigint(field: number, value: bigint): void {
    if (value === 0n) return;
    this.#bigVarint(value);
    this.#varint(field * 8 + VARINT);
  }

  /** Bytes that are encoded already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#start -= bytes.length;
    this.#buffer.set(bytes, this.#start);
  }

  /** What was written since `position` was `end`. */
  copySince(end: number): Buffer {
    return Buffer.from(this.#buffer.subarray(this.#start, this.#buffer.length - end));
  }

  /** What was written, as a gRPC message with its five bytes of head; the writer is empty then. */
  finishFrame(): Buffer {
    const length = this.position;
    this.#reserve(FRAME_HEAD_BYTES);
    this.#start -= FRAME_HEAD_BYTES;
    this.#buffer[this.#start] = 0;
    this.#buffer.writeUInt32BE(length, this.#start + 1);
    return this.finish();
  }

  /** What was written; the writer is empty then. */
  finish(): Buffer {
    const written = this.#buffer.subarray(this.#start);
    const isOwn = this.#buffer === this.#own;
    this.reset();
    if (!isOwn) {
      this.#largeBytes = written.length;
      return written;
    }
    const copy = Buffer.allocUnsafe(written.length);
    copy.set(written);
    return copy;
  }

  /** Forgets what was written, when an encoder failed half way. */
  reset(): void {
    this.#buffer = this.#own;
    this.#start = INITIAL_BYTES;
  }

  #varint(value: number): void {
    if (value < 0x80) {
      this.#reserve(1);
      this.#start -= 1;
      this.#buffer[this.#start] = value;
      return;
    }
    const size = sizeOf(value);
    this.#reserve(size);
    this.#start -= size;
    let at = this.#start;
    let rest = value;
    // Bitwise operators would cut off what is above 31 bits.
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 0x80)) this.#buffer[at++] = (rest % 0x80) | 0x80;
    for (; rest >= 0x80; rest >>>= 7) this.#buffer[at++] = (rest & 0x7f) | 0x80;
    this.#buffer[at] = rest;
  }

  #bigVarint(value: bigint): void {
    // Done in halves that fit a number: each step of a bigint would be garbage.
    let low = Number(value & 0xffffffffn);
    let high = Number((value >> 32n) & 0xffffffffn);
    this.#reserve(MAX_VARINT_BYTES);
    const size = high === 0 ? sizeOf(low) : 4 + sizeOf(high * 16 + (low >>> 28));
    this.#start -= size;
    let at = this.#start;
    for (let left = size; left > 1; left -= 1) {
      this.#buffer[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#buffer[at] = low;
  }

  #reserve(bytes: number): void {
    if (this.#start >= bytes) return;
    const written = this.#buffer.subarray(this.#start);
    const expected = this.#buffer === this.#own ? Math.min(this.#largeBytes + SLACK_BYTES, MOST_EXPECTED_BYTES) : 0;
    const size = Math.max(this.#buffer.length * 2, written.length + bytes + SLACK_BYTES, expected);
    const larger = Buffer.allocUnsafeSlow(size);
    larger.set(written, size - written.length);
    this.#buffer = larger;
    this.#start = size - written.length;
  }
}

function sizeOf(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}
