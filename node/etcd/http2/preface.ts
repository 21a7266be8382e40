/** The fixed bytes that a client's connection begins with (RFC 9113, section 3.4), in as many chunks as they come in. */
import { ConnectionError } from './errors.ts';
import { ErrorCode, PREFACE } from './protocol.ts';

export class Preface {
  #seenBytes = 0;

  get isWhole(): boolean {
    return this.#seenBytes === PREFACE.length;
  }

  /** What follows it in this chunk. @throws ConnectionError for other bytes, as soon as they differ */
  strip(chunk: Buffer): Buffer {
    const length = Math.min(chunk.length, PREFACE.length - this.#seenBytes);
    const expected = PREFACE.subarray(this.#seenBytes, this.#seenBytes + length);
    if (!expected.equals(chunk.subarray(0, length))) {
      throw new ConnectionError(ErrorCode.ProtocolError, 'not the preface of HTTP/2');
    }
    this.#seenBytes += length;
    return chunk.subarray(length);
  }
}
