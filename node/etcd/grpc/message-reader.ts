/** Takes gRPC's messages out of a stream of chunks: each is a flag for compression, its length in four bytes, itself. */
import { Code, GrpcError } from './status.ts';

const HEAD_BYTES = 5;

/** The message that is exactly this chunk, as most are: null where it takes a `MessageReader` to tell. */
export function soleMessage(chunk: Buffer, maxBytes: number): Buffer | null {
  if (chunk.length < HEAD_BYTES || chunk[0] !== 0) return null;
  const length = chunk.readUInt32BE(1);
  return length === chunk.length - HEAD_BYTES && length <= maxBytes ? chunk.subarray(HEAD_BYTES) : null;
}

export class MessageReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #buffered = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of messages that are not complete. */
  get bufferedBytes(): number {
    return this.#buffered;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /**
   * The next message, a view into what was pushed where that is in one piece; null until there is more.
   * @throws GrpcError for one that is compressed or too large, as soon as its head is there
   */
  next(): Buffer | null {
    if (this.#buffered < HEAD_BYTES) return null;
    if (this.#chunks[0]!.length < HEAD_BYTES) this.#join();
    const first = this.#chunks[0]!;
    if (first[0] !== 0) {
      throw new GrpcError(Code.Internal, 'grpc: compressed flag set with identity or empty encoding');
    }
    const length = first.readUInt32BE(1);
    if (length > this.#maxBytes) {
      throw new GrpcError(
        Code.ResourceExhausted,
        `grpc: received message larger than max (${length} vs. ${this.#maxBytes})`,
      );
    }
    const end = HEAD_BYTES + length;
    if (this.#buffered < end) return null;
    if (first.length < end) this.#join();
    const whole = this.#chunks[0]!;
    this.#buffered -= end;
    if (whole.length === end) this.#chunks.shift();
    else this.#chunks[0] = whole.subarray(end);
    return whole.subarray(HEAD_BYTES, end);
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
  }
}
