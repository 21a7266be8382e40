/** Frames on their way to the socket, gathered until the turn ends. Small ones are copied together, large ones lent. */
import { type ErrorCode, Flag, FRAME_HEAD_BYTES, FrameType } from './protocol.ts';

/** A payload from this size on is not copied. */
const LENT_BYTES = 4096;
const MIN_SLAB_BYTES = 1024;
const MAX_SLAB_BYTES = 64 * 1024;

export class Output {
  #slab: Buffer = Buffer.alloc(0);
  /** Where in the slab the piece that grows began, and where it ends. */
  #start = 0;
  #end = 0;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** An idle connection holds little, a busy one does not ask for memory every turn. */
  #nextSlabBytes = MIN_SLAB_BYTES;

  /** The size of the frames that `take` would give. */
  get bytes(): number {
    return this.#bytes;
  }

  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const { length } = payload;
    if (length >= LENT_BYTES) {
      this.#head(length, type, flags, streamId, 0);
      this.#cut();
      this.#pieces.push(payload as Buffer);
    } else {
      const at = this.#head(length, type, flags, streamId, length);
      this.#slab.set(payload, at);
    }
    this.#bytes += length;
  }

  rstStream(streamId: number, code: ErrorCode): void {
    this.#number(FrameType.RstStream, streamId, code);
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.#number(FrameType.WindowUpdate, streamId, bytes);
  }

  settingsAck(): void {
    this.#head(0, FrameType.Settings, Flag.Ack, 0, 0);
  }

  goAway(lastStreamId: number, code: ErrorCode, reason: string): void {
    const payload = Buffer.alloc(8 + reason.length);
    payload.writeUInt32BE(lastStreamId, 0);
    payload.writeUInt32BE(code, 4);
    payload.write(reason, 8, 'latin1');
    this.frame(FrameType.GoAway, Flag.None, 0, payload);
  }

  /** Everything, in order; the output is empty after it. */
  take(): Buffer[] {
    this.#cut();
    const pieces = this.#pieces;
    this.#pieces = [];
    // A few bytes between bursts, such as the answer to a ping, do not cut the next burst in pieces.
    this.#nextSlabBytes = Math.min(
      MAX_SLAB_BYTES,
      Math.max(MIN_SLAB_BYTES, this.#bytes * 4, this.#nextSlabBytes >>> 1),
    );
    this.#bytes = 0;
    return pieces;
  }

  #number(type: number, streamId: number, value: number): void {
    const at = this.#head(4, type, Flag.None, streamId, 4);
    writeUInt32(this.#slab, at, value);
    this.#bytes += 4;
  }

  /** @returns where in the slab the payload goes, for which there is `room` */
  #head(length: number, type: number, flags: number, streamId: number, room: number): number {
    if (this.#slab.length - this.#end < FRAME_HEAD_BYTES + room) this.#grow(FRAME_HEAD_BYTES + room);
    const slab = this.#slab;
    const at = this.#end;
    slab[at] = length >>> 16;
    slab[at + 1] = length >>> 8;
    slab[at + 2] = length;
    slab[at + 3] = type;
    slab[at + 4] = flags;
    writeUInt32(slab, at + 5, streamId);
    this.#end = at + FRAME_HEAD_BYTES + room;
    this.#bytes += FRAME_HEAD_BYTES;
    return at + FRAME_HEAD_BYTES;
  }

  #cut(): void {
    if (this.#end > this.#start) this.#pieces.push(this.#slab.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #grow(needed: number): void {
    this.#cut();
    this.#slab = Buffer.allocUnsafe(Math.max(needed, this.#nextSlabBytes));
    this.#start = 0;
    this.#end = 0;
    this.#nextSlabBytes = Math.min(MAX_SLAB_BYTES, this.#nextSlabBytes * 2);
  }
}

function writeUInt32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
