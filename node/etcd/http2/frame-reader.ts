/** Takes frames (RFC 9113, section 4.1) out of chunks that end anywhere. */
import { ConnectionError } from './errors.ts';
import { DEFAULT_MAX_FRAME_BYTES, ErrorCode, FRAME_HEAD_BYTES } from './protocol.ts';

/** The payload is what lies between `start` and `end` of `bytes`; padding and the like are still in it. */
export type Frame = { type: number; flags: number; streamId: number; bytes: Buffer; start: number; end: number };

const EMPTY = Buffer.alloc(0);

export class FrameReader {
  #chunk: Buffer = EMPTY;
  #at = 0;
  /** What has come of a frame's head that lies in two chunks. */
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES);
  #headBytes = 0;
  /** What has come of a frame's payload that lies in two chunks. */
  #body: Buffer | null = null;
  #bodyBytes = 0;
  readonly #frame: Frame = { type: 0, flags: 0, streamId: 0, bytes: EMPTY, start: 0, end: 0 };

  /** What was pushed before must have been taken. The frames are views of it. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * Null until there is more. It is the same object every time.
   * @throws ConnectionError for a frame that is larger than we allow, as soon as its head is there
   */
  next(): Frame | null {
    if (this.#body === null) {
      const length = this.#readHead();
      if (length === null) return null;
      if (length <= this.#chunk.length - this.#at) return this.#found(this.#chunk, this.#at, length);
      this.#body = Buffer.allocUnsafe(length);
      this.#bodyBytes = 0;
    }
    const body = this.#body;
    const taken = this.#chunk.copy(body, this.#bodyBytes, this.#at);
    this.#bodyBytes += taken;
    this.#at += taken;
    if (this.#bodyBytes < body.length) return this.#exhausted();
    this.#body = null;
    const frame = this.#frame;
    frame.bytes = body;
    frame.start = 0;
    frame.end = body.length;
    return frame;
  }

  /** Length of the payload; null until the head is whole. */
  #readHead(): number | null {
    if (this.#headBytes === 0 && this.#chunk.length - this.#at >= FRAME_HEAD_BYTES) {
      const at = this.#at;
      this.#at += FRAME_HEAD_BYTES;
      return this.#parseHead(this.#chunk, at);
    }
    const taken = this.#chunk.copy(this.#head, this.#headBytes, this.#at);
    this.#headBytes += taken;
    this.#at += taken;
    if (this.#headBytes < FRAME_HEAD_BYTES) return this.#exhausted();
    this.#headBytes = 0;
    return this.#parseHead(this.#head, 0);
  }

  #parseHead(bytes: Buffer, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (length > DEFAULT_MAX_FRAME_BYTES) {
      throw new ConnectionError(ErrorCode.FrameSizeError, `a frame of ${length} bytes`);
    }
    const frame = this.#frame;
    frame.type = bytes[at + 3]!;
    frame.flags = bytes[at + 4]!;
    frame.streamId = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!;
    return length;
  }

  #found(bytes: Buffer, start: number, length: number): Frame {
    const frame = this.#frame;
    frame.bytes = bytes;
    frame.start = start;
    frame.end = start + length;
    this.#at = frame.end;
    return frame;
  }

  /** Keeps nothing of a chunk that has been taken, nor of the last frame. */
  #exhausted(): null {
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#frame.bytes = EMPTY;
    return null;
  }
}
