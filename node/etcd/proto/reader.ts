/**
 * Reads a protobuf message field by field. Bytes are views into the message, not copies.
 *
 *     for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
 *       if (tag === 10) key = reader.bytes();
 *       else reader.skip(tag);
 *     }
 *
 * A tag is the field's number times 8, plus its wire type: 0 for integers, 2 for what has a length.
 */

/** The bytes are no message of the type that they should be. */
export class MalformedMessage extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedMessage';
  }
}

const TWO_TO_32 = 0x1_0000_0000;
const MAX_VARINT_BYTES = 10;

export class ProtoReader {
  readonly #buffer: Buffer;
  #at = 0;
  #end: number;
  /** The halves, unsigned and of 32 bits, of the integer that was read last. */
  #low = 0;
  #high = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
    this.#end = buffer.length;
  }

  /** The next field's; 0 at the end. @throws MalformedMessage, as everything here */
  tag(): number {
    if (this.#at >= this.#end) return 0;
    this.#varint();
    if (this.#high !== 0 || this.#low < 8) throw new MalformedMessage(`illegal tag ${this.#low}`);
    return this.#low;
  }

  bytes(): Buffer {
    const end = this.#lengthEnd();
    const bytes = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  string(): string {
    return this.bytes().toString('utf8');
  }

  bool(): boolean {
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  /** An int64: exact up to 2^53 in both directions, beyond that no longer exact but still beyond. */
  integer(): number {
    this.#varint();
    return (this.#high | 0) * TWO_TO_32 + this.#low;
  }

  /** An int64, exact. */
  bigint(): bigint {
    this.#varint();
    if (this.#high === 0) return BigInt(this.#low);
    return BigInt.asIntN(64, (BigInt(this.#high) << 32n) | BigInt(this.#low));
  }

  /** Reads a nested message by `read`, whose `tag` is 0 at its end. */
  nested<T>(read: (reader: ProtoReader) => T): T {
    const outerEnd = this.#end;
    const end = this.#lengthEnd();
    this.#end = end;
    const message = read(this);
    this.#end = outerEnd;
    this.#at = end;
    return message;
  }

  /** Integers of a repeated field that come packed. */
  packedIntegers(into: number[]): void {
    const end = this.#lengthEnd();
    while (this.#at < end) into.push(this.integer());
    if (this.#at > end) throw new MalformedMessage('a packed field runs over its length');
  }

  /** A field that is not known. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        return this.#varint();
      case 1:
        return this.#advance(8);
      case 2:
        this.#at = this.#lengthEnd();
        return;
      case 5:
        return this.#advance(4);
      default:
        throw new MalformedMessage(`illegal wire type ${tag & 7}`);
    }
  }

  #advance(bytes: number): void {
    if (this.#at + bytes > this.#end) throw truncated();
    this.#at += bytes;
  }

  #lengthEnd(): number {
    this.#varint();
    const end = this.#at + this.#low;
    if (this.#high !== 0 || end > this.#end) throw truncated();
    return end;
  }

  #varint(): void {
    const buffer = this.#buffer;
    let at = this.#at;
    let byte = at < this.#end ? buffer[at++]! : -1;
    if (byte >= 0 && byte < 0x80) {
      this.#at = at;
      this.#low = byte;
      this.#high = 0;
      return;
    }
    let low = 0;
    let high = 0;
    for (let n = 0; n < MAX_VARINT_BYTES; n += 1) {
      if (byte < 0) throw truncated();
      const bits = byte & 0x7f;
      if (n < 4) low |= bits << (7 * n);
      else if (n === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (7 * n - 32);
      if (byte < 0x80) {
        this.#at = at;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
      byte = at < this.#end ? buffer[at++]! : -1;
    }
    throw new MalformedMessage('an integer is longer than ten bytes');
  }
}

function truncated(): MalformedMessage {
  return new MalformedMessage('it ends in the middle of a field');
}
