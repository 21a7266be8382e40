/** Takes gRPC's messages out of a stream of chunks: each is a flag for compression, its length in four bytes, itself. */
import { gunzipSync } from 'node:zlib';
import type { BufferBudget } from './buffer-budget.ts';
import { Code, GrpcError } from './status.ts';

/** How a call compresses its messages, as its header `grpc-encoding` says. Each message says by its flag whether it is compressed. */
export type Encoding = 'identity' | 'gzip';

const HEAD_BYTES = 5;
const COMPRESSED = 1;

/** The message that is exactly this chunk, as most are: null where it takes a `MessageReader` to tell. */
export function soleMessage(chunk: Buffer, maxBytes: number): Buffer | null {
  if (chunk.length < HEAD_BYTES || chunk[0] !== 0) return null;
  const length = chunk.readUInt32BE(1);
  return length === chunk.length - HEAD_BYTES && length <= maxBytes ? chunk.subarray(HEAD_BYTES) : null;
}

export class MessageReader {
  readonly #maxBytes: number;
  readonly #encoding: Encoding;
  readonly #budget: BufferBudget;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** The bytes that the budget has been told of. */
  #charged = 0;

  constructor(maxBytes: number, encoding: Encoding, budget: BufferBudget) {
    this.#maxBytes = maxBytes;
    this.#encoding = encoding;
    this.#budget = budget;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /**
   * The next message, a view into what was pushed where that is in one piece; null until there is more.
   * @throws GrpcError for one that is too large or compressed as it may not be, as soon as its head is there
   */
  next(): Buffer | null {
    if (this.#buffered < HEAD_BYTES) return null;
    if (this.#chunks[0]!.length < HEAD_BYTES) this.#join();
    const first = this.#chunks[0]!;
    const flag = first[0]!;
    this.#assertFlag(flag);
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
    const message = whole.subarray(HEAD_BYTES, end);
    return flag === COMPRESSED ? decompressed(message, this.#maxBytes) : message;
  }

  /** To be called when what is whole was taken: the rest counts. @throws GrpcError when all callers hold too much */
  charge(): void {
    this.#change(this.#buffered);
  }

  /** Nothing more is taken. */
  release(): void {
    this.#change(0);
  }

  #change(bytes: number): void {
    const before = this.#charged;
    if (before === bytes) return;
    this.#charged = bytes;
    this.#budget.change(before, bytes);
  }

  #assertFlag(flag: number): void {
    if (flag > COMPRESSED) throw new GrpcError(Code.Internal, `grpc: received unexpected payload format ${flag}`);
    if (flag === COMPRESSED && this.#encoding === 'identity') {
      throw new GrpcError(Code.Internal, 'grpc: compressed flag set with identity or empty encoding');
    }
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
  }
}

/** Small as messages are, this takes less than the way to another thread and back. */
function decompressed(message: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(message, { maxOutputLength: maxBytes });
  } catch (error) {
    const { code, message: reason } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_BUFFER_TOO_LARGE') {
      throw new GrpcError(Code.Internal, `grpc: failed to decompress the received message: ${reason}`);
    }
    throw new GrpcError(
      Code.ResourceExhausted,
      `grpc: received message after decompression larger than max ${maxBytes}`,
    );
  }
}
