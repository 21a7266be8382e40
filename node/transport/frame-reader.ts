/** Cuts what arrives on a socket into frames, whatever the sizes of the pieces. See frame-writer.ts for the form. */
import { crc32 } from 'node:zlib';
import { FRAME_HEADER_BYTES } from './frame-writer.ts';
import { ProtocolError } from './protocol-error.ts';

/** False when no more frames are wanted. `isOwned`: nothing but this frame lies in the body's memory. */
export type FrameHandler = (body: Buffer, isOwned: boolean) => boolean;

export class FrameReader {
  /** Checked before memory is taken for a frame. */
  limitBytes: number;
  readonly #header: Buffer = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  /** A frame that came in pieces, and how much of it is there. */
  #body: Buffer | null = null;
  #bodyBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Throws `ProtocolError`. */
  push(chunk: Buffer, handler: FrameHandler): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.#body !== null) {
        const copied = chunk.copy(this.#body, this.#bodyBytes, position);
        position += copied;
        this.#bodyBytes += copied;
        if (this.#bodyBytes < this.#body.length) return;
        const body = this.#body;
        this.#body = null;
        if (!this.#deliver(body, this.#header.readUInt32LE(4), true, handler)) return;
        continue;
      }
      let length: number;
      let checksum: number;
      if (this.#headerBytes === 0 && chunk.length - position >= FRAME_HEADER_BYTES) {
        length = this.#checked(chunk.readUInt32LE(position));
        checksum = chunk.readUInt32LE(position + 4);
        const end = position + FRAME_HEADER_BYTES + length;
        if (end <= chunk.length) {
          const body = chunk.subarray(position + FRAME_HEADER_BYTES, end);
          position = end;
          if (!this.#deliver(body, checksum, false, handler)) return;
          continue;
        }
      }
      const copied = chunk.copy(
        this.#header,
        this.#headerBytes,
        position,
        position + FRAME_HEADER_BYTES - this.#headerBytes,
      );
      position += copied;
      this.#headerBytes += copied;
      if (this.#headerBytes < FRAME_HEADER_BYTES) return;
      this.#headerBytes = 0;
      this.#body = Buffer.allocUnsafeSlow(this.#checked(this.#header.readUInt32LE(0)));
      this.#bodyBytes = 0;
    }
  }

  #checked(length: number): number {
    if (length > 0 && length <= this.limitBytes) return length;
    throw new ProtocolError(`a frame of ${length} bytes was announced, allowed are 1 to ${this.limitBytes}`);
  }

  #deliver(body: Buffer, checksum: number, isOwned: boolean, handler: FrameHandler): boolean {
    if (crc32(body) !== checksum)
      throw new ProtocolError(`a frame of ${body.length} bytes does not match its checksum`);
    return handler(body, isOwned);
  }
}
