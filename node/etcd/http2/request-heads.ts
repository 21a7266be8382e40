/**
 * Header blocks to heads of requests. A caller's blocks are mostly the same few bytes that point at fields it has sent
 * before: such a block is decoded once, and its head, which nobody changes, is used again.
 */
import { HpackDecoder } from './hpack/decoder.ts';
import { areValidTrailers, type RequestHead, requestHeadOf } from './request-head.ts';

/** `Malformed` and `TooLarge` are the fault of one request; the tables are as its sender has them. */
export type ReadHead = RequestHead | 'Malformed' | 'TooLarge';

const MAX_REMEMBERED = 64;
const MAX_REMEMBERED_BYTES = 64;

export class RequestHeads {
  readonly #decoder: HpackDecoder;
  /** Heads by their bytes, as long as the table is the same. */
  readonly #remembered = new Map<string, RequestHead>();

  constructor(maxTableBytes: number, maxListBytes: number) {
    this.#decoder = new HpackDecoder(maxTableBytes, maxListBytes);
  }

  /** @throws HpackError */
  read(bytes: Buffer, start: number, end: number): ReadHead {
    const key = end - start <= MAX_REMEMBERED_BYTES ? bytes.toString('latin1', start, end) : null;
    if (key !== null) {
      const known = this.#remembered.get(key);
      if (known !== undefined) return known;
    }
    const fields = this.#decode(bytes, start, end);
    if (fields === null) return 'TooLarge';
    const head = requestHeadOf(fields);
    if (head === null) return 'Malformed';
    if (key !== null && !this.#decoder.hasChanged) {
      if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(key, head);
    }
    return head;
  }

  /** Whether a block that ends a request is well-formed. @throws HpackError */
  readTrailers(bytes: Buffer, start: number, end: number): boolean {
    const fields = this.#decode(bytes, start, end);
    return fields !== null && areValidTrailers(fields);
  }

  #decode(bytes: Buffer, start: number, end: number): ReturnType<HpackDecoder['decode']> {
    const fields = this.#decoder.decode(bytes, start, end);
    if (this.#decoder.hasChanged) this.#remembered.clear();
    return fields;
  }
}
