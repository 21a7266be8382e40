/**
 * The sending half of a connection: what goes out in a turn is gathered and written at once; data wait for the client's
 * windows (RFC 9113, section 5.2) and for the socket, and streams that wait take turns, a frame each.
 */
import type { Socket } from 'node:net';
import { LARGE_ANSWER_BYTES } from '../../server/held-answers.ts';
import type { HeldAnswer } from '../../server/types.ts';
import { FORGET_TABLE } from './hpack/encode.ts';
import { Output } from './output.ts';
import {
  DEFAULT_HEADER_TABLE_BYTES,
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  Flag,
  FrameType,
  MAX_WINDOW_BYTES,
} from './protocol.ts';
import type { SettingsChange } from './settings.ts';
import { NO_TRAILERS, type Stream } from './stream.ts';
import type { Turn } from './turn.ts';

/** The size of one write; more waits until the socket has taken it. */
const MAX_WRITE_BYTES = 256 * 1024;

export class Sender {
  /** For frames that no window holds back. Whoever adds to it calls `schedule`. */
  readonly output: Output = new Output();
  readonly #socket: Socket;
  readonly #turn: Turn;
  /** Says that all of a stream was sent. */
  readonly #onFinished: (stream: Stream) => void;
  /** Tells of a stream whose client takes its time. */
  readonly #hold: (stream: Stream, bytes: number) => HeldAnswer;
  #window = DEFAULT_WINDOW_BYTES;
  #streamWindow = DEFAULT_WINDOW_BYTES;
  /** Streams whose own window would let them send. */
  readonly #ready = new Set<Stream>();
  #waitingBytes = 0;
  #dataFrames = 0;
  #mustForgetTable = false;
  #isScheduled = false;

  constructor(
    socket: Socket,
    turn: Turn,
    onFinished: (stream: Stream) => void,
    hold: (stream: Stream, bytes: number) => HeldAnswer,
  ) {
    this.#socket = socket;
    this.#turn = turn;
    this.#onFinished = onFinished;
    this.#hold = hold;
  }

  /** What a new stream may send at first. */
  get streamWindow(): number {
    return this.#streamWindow;
  }

  /** What all streams together wait to send, for windows or for the socket. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Ever sent. */
  get dataFrames(): number {
    return this.#dataFrames;
  }

  /** The client does not read as fast as it is written to. */
  get isBlocked(): boolean {
    return this.#socket.writableNeedDrain;
  }

  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#turn.schedule(this);
  }

  /** @param streams those that are open */
  apply({ headerTableBytes, initialWindowBytes }: SettingsChange, streams: Iterable<Stream>): boolean {
    if (headerTableBytes !== undefined && headerTableBytes < DEFAULT_HEADER_TABLE_BYTES) this.#mustForgetTable = true;
    if (initialWindowBytes === undefined) return true;
    const by = initialWindowBytes - this.#streamWindow;
    this.#streamWindow = initialWindowBytes;
    for (const stream of streams) if (!this.raiseStreamWindow(stream, by)) return false;
    return true;
  }

  /** False when that is more than a window can be. */
  raiseWindow(by: number): boolean {
    this.#window += by;
    if (this.#ready.size > 0) this.schedule();
    return this.#window <= MAX_WINDOW_BYTES;
  }

  /** False when that is more than a window can be. */
  raiseStreamWindow(stream: Stream, by: number): boolean {
    stream.sendWindow += by;
    if (stream.waiting.bytes > 0) {
      if (stream.sendWindow > 0) this.#ready.add(stream);
      else this.#ready.delete(stream);
      this.schedule();
    }
    return stream.sendWindow <= MAX_WINDOW_BYTES;
  }

  headers(streamId: number, block: Buffer, isEnd: boolean): void {
    let rest = block;
    if (this.#mustForgetTable) {
      this.#mustForgetTable = false;
      rest = Buffer.concat([FORGET_TABLE, block]);
    }
    let type: number = FrameType.Headers;
    let flags: number = isEnd ? Flag.EndStream : Flag.None;
    while (rest.length > DEFAULT_MAX_FRAME_BYTES) {
      this.output.frame(type, flags, streamId, rest.subarray(0, DEFAULT_MAX_FRAME_BYTES));
      rest = rest.subarray(DEFAULT_MAX_FRAME_BYTES);
      type = FrameType.Continuation;
      flags = Flag.None;
    }
    this.output.frame(type, flags | Flag.EndHeaders, streamId, rest);
    this.schedule();
  }

  data(stream: Stream, chunk: Buffer): void {
    const { length } = chunk;
    const goesAtOnce =
      length <= DEFAULT_MAX_FRAME_BYTES &&
      length <= stream.sendWindow &&
      length <= this.#window &&
      stream.waiting.bytes === 0 &&
      this.#ready.size === 0 &&
      this.output.bytes < MAX_WRITE_BYTES &&
      !this.isBlocked;
    if (goesAtOnce) {
      this.#frame(stream, chunk);
    } else {
      stream.hold(chunk);
      this.#waitingBytes += length;
      if (stream.held !== null) stream.held.add(length);
      // Small ones too, where many of them wait on one connection.
      else if (this.#waitingBytes > LARGE_ANSWER_BYTES) stream.held = this.#hold(stream, stream.waiting.bytes);
      if (stream.sendWindow > 0) this.#ready.add(stream);
    }
    this.schedule();
  }

  /** The last of a stream, after all its data. */
  finish(stream: Stream, block: Buffer): void {
    if (stream.waiting.bytes > 0) {
      stream.trailers = block;
      return;
    }
    this.#finish(stream, block);
  }

  /** What waits of it is not sent any more. Before its queue is cleared. */
  forget(stream: Stream): void {
    this.#ready.delete(stream);
    this.#release(stream);
    this.#waitingBytes -= stream.waiting.bytes;
  }

  /** Writes what there is, as far as windows and the socket have room. */
  flush(): void {
    this.#isScheduled = false;
    // When it is blocked, it says when it has room again.
    if (!this.#socket.writable || this.isBlocked) return;
    this.#takeTurns();
    this.#write();
    if (this.#ready.size > 0 && this.#window > 0 && !this.isBlocked) this.schedule();
  }

  /** The last write: whatever the socket has not taken yet follows. */
  end(): void {
    if (!this.#socket.writable) return;
    this.#write();
    this.#socket.end();
  }

  #write(): void {
    const pieces = this.output.take();
    const [first] = pieces;
    if (first === undefined) return;
    if (pieces.length === 1) {
      this.#socket.write(first);
      return;
    }
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  /** One that has sent its frame goes to the end of the set. */
  #takeTurns(): void {
    for (const stream of this.#ready) {
      if (this.#window <= 0 || this.output.bytes >= MAX_WRITE_BYTES) return;
      this.#ready.delete(stream);
      const room = Math.min(DEFAULT_MAX_FRAME_BYTES, stream.sendWindow, this.#window);
      const chunk = stream.waiting.take(room);
      this.#waitingBytes -= chunk.length;
      stream.held?.took(chunk.length);
      this.#frame(stream, chunk);
      if (stream.waiting.bytes > 0) {
        if (stream.sendWindow > 0) this.#ready.add(stream);
        continue;
      }
      this.#release(stream);
      stream.drained();
      const { trailers } = stream;
      if (trailers !== null) this.#finish(stream, trailers);
    }
  }

  #release(stream: Stream): void {
    stream.held?.end();
    stream.held = null;
  }

  #finish(stream: Stream, block: Buffer): void {
    if (block === NO_TRAILERS) {
      this.output.frame(FrameType.Data, Flag.EndStream, stream.id, NO_TRAILERS);
      this.schedule();
    } else {
      this.headers(stream.id, block, true);
    }
    this.#onFinished(stream);
  }

  #frame(stream: Stream, chunk: Buffer): void {
    stream.sendWindow -= chunk.length;
    this.#window -= chunk.length;
    this.#dataFrames += 1;
    this.output.frame(FrameType.Data, Flag.None, stream.id, chunk);
  }
}
