/**
 * The header block of one request, in as many frames as its sender likes (RFC 9113, section 4.3), but not in endless
 * ones: a block that is never finished would take memory and time for nothing (CVE-2024-27316).
 */
import { ConnectionError } from './errors.ts';
import { ErrorCode } from './protocol.ts';

const MAX_CONTINUATIONS = 32;

export class HeaderBlock {
  readonly streamId: number;
  readonly isEndOfStream: boolean;
  readonly dependency: number | null;
  readonly #maxBytes: number;
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  constructor(streamId: number, isEndOfStream: boolean, dependency: number | null, maxBytes: number) {
    this.streamId = streamId;
    this.isEndOfStream = isEndOfStream;
    this.dependency = dependency;
    this.#maxBytes = maxBytes;
  }

  /** @throws ConnectionError: without decoding all of it, the tables would be lost */
  push(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes || this.#parts.length > MAX_CONTINUATIONS) {
      throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'a header block of too many frames or bytes');
    }
  }

  join(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
