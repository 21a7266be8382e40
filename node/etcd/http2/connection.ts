/**
 * The server's side of one HTTP/2 connection (RFC 9113), made for gRPC: small requests by the thousand, answered with a
 * few bytes that are always the same, beside streams that live for days. It pushes nothing and ranks nothing.
 *
 *     const connection = new Connection(socket, { onStream: (stream) => receiver, onClose, turn });
 */
import type { Socket } from 'node:net';
import type { HeldAnswer, HeldAnswers } from '../../server/types.ts';
import { AbuseLimits } from './abuse-limits.ts';
import { ConnectionError, StreamError } from './errors.ts';
import { assertOnConnection, assertOnStream, assertSize } from './frame-checks.ts';
import { type Frame, FrameReader } from './frame-reader.ts';
import { HeaderBlock } from './header-block.ts';
import { encodeHeaders } from './hpack/encode.ts';
import { HpackError } from './hpack/hpack-error.ts';
import { PRIORITY_BYTES, stripPadding, stripPriority } from './payload.ts';
import { Preface } from './preface.ts';
import { DEFAULT_HEADER_TABLE_BYTES, DEFAULT_WINDOW_BYTES, ErrorCode, Flag, FrameType, Setting } from './protocol.ts';
import { ReceiveWindow } from './receive-window.ts';
import { RequestHeads } from './request-heads.ts';
import { Sender } from './sender.ts';
import { encodeSettings, parseSettings } from './settings.ts';
import { type Receiver, STREAM_WINDOW_BYTES, Stream, type StreamOwner } from './stream.ts';
import { StreamTable } from './stream-table.ts';
import type { Turn } from './turn.ts';

export type ConnectionOptions = {
  /** Begins to answer; null when nothing of what comes is wanted. */
  readonly onStream: (stream: Stream) => Receiver | null;
  readonly onClose: (connection: Connection) => void;
  readonly turn: Turn;
  /** The answers that are held for all connections. */
  readonly answers: HeldAnswers;
  readonly maxStreams?: number;
  readonly settingsTimeoutMs?: number;
};

const MAX_STREAMS = 20_000;
const CONNECTION_WINDOW_BYTES = 4 << 20;
/** The most that a request's headers may have, and the block that they come in. */
const MAX_HEADER_LIST_BYTES = 64 * 1024;
/** Answers that wait for one client; while it has so many to read, it is given no more to ask for. */
const MAX_WAITING_BYTES = 256 << 20;
/** What a client that does not read may have us hold of answers to its pings and the like. */
const MAX_BLOCKED_BYTES = 64 * 1024;
const SETTINGS_TIMEOUT_MS = 10_000;
/** For the socket to take the last that was written, and then for the peer to read it and hang up. */
const LAST_WRITE_MS = 30_000;
const LINGER_MS = 1000;

const PING = Buffer.from('quorate?');
const TOO_LARGE = encodeHeaders([[':status', '431']]);

export class Connection implements StreamOwner {
  readonly socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #maxStreams: number;
  readonly #reader = new FrameReader();
  readonly #heads = new RequestHeads(DEFAULT_HEADER_TABLE_BYTES, MAX_HEADER_LIST_BYTES);
  readonly #sender: Sender;
  readonly #window = new ReceiveWindow(CONNECTION_WINDOW_BYTES);
  readonly #abuse: AbuseLimits;
  readonly #streams = new StreamTable();
  readonly #preface = new Preface();
  #hasSettings = false;
  #block: HeaderBlock | null = null;
  #isAwaitingPing = false;
  /** Nothing is read any more. */
  #isOver = false;
  #timer: NodeJS.Timeout;

  /** Takes over a socket; what was read from it must have been put back. */
  constructor(socket: Socket, options: ConnectionOptions) {
    this.socket = socket;
    this.#options = options;
    this.#maxStreams = options.maxStreams ?? MAX_STREAMS;
    const hold = (stream: Stream, bytes: number): HeldAnswer =>
      options.answers.hold(bytes, () => this.#breakOff(stream), { isWhole: false });
    this.#sender = new Sender(socket, options.turn, (stream) => this.#finished(stream), hold);
    this.#abuse = new AbuseLimits(this.#sender);
    this.#timer = setTimeout(() => this.#settingsTimeout(), options.settingsTimeoutMs ?? SETTINGS_TIMEOUT_MS).unref();
    const { output } = this.#sender;
    output.frame(FrameType.Settings, Flag.None, 0, settingsOf(this.#maxStreams));
    output.windowUpdate(0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES);
    this.#sender.schedule();
    socket.setNoDelay(true);
    socket.on('error', ignore);
    socket.on('close', () => this.#gone());
    socket.on('end', () => this.#ended());
    socket.on('drain', () => this.#drained());
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.resume();
    if (socket.destroyed) this.#gone();
  }

  /** Takes no new stream, and ends the connection after the last that is open. */
  close(): void {
    if (this.#isOver || this.#streams.isLeaving) return;
    this.#streams.leave();
    this.#sender.output.goAway(this.#streams.lastId, ErrorCode.NoError, '');
    this.#sender.schedule();
    this.#endIfIdle();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Asks for a sign of life. One that has not answered the last is dead. */
  ping(): void {
    if (this.#isOver) return;
    if (this.#isAwaitingPing) {
      this.destroy();
      return;
    }
    this.#isAwaitingPing = true;
    this.#sender.output.frame(FrameType.Ping, Flag.None, 0, PING);
    this.#sender.schedule();
  }

  sendHeaders(stream: Stream, block: Buffer): void {
    this.#sender.headers(stream.id, block, false);
  }

  sendData(stream: Stream, chunk: Buffer): void {
    this.#sender.data(stream, chunk);
  }

  finish(stream: Stream, block: Buffer): void {
    this.#sender.finish(stream, block);
  }

  raiseWindow(stream: Stream, bytes: number): void {
    this.#sender.output.windowUpdate(stream.id, bytes);
    this.#sender.schedule();
  }

  #received(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#reader.push(this.#preface.isWhole ? chunk : this.#preface.strip(chunk));
      for (let frame = this.#reader.next(); frame !== null && !this.#isOver; frame = this.#reader.next()) {
        this.#take(frame);
      }
    } catch (error) {
      this.#fail(error);
    }
    // A client that asks and does not read must not have us collect its answers (CVE-2019-9512, -9515).
    if (this.#sender.isBlocked && this.#sender.output.bytes > MAX_BLOCKED_BYTES) this.socket.pause();
  }

  #take(frame: Frame): void {
    const { streamId } = frame;
    try {
      this.#dispatch(frame);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#resetStream(streamId, error.code);
    }
  }

  #dispatch(frame: Frame): void {
    const { type } = frame;
    // Section 4.3: nothing may come between the frames of a header block.
    if (this.#block !== null && (type !== FrameType.Continuation || frame.streamId !== this.#block.streamId)) {
      throw new ConnectionError(ErrorCode.ProtocolError, 'a header block was not continued');
    }
    if (!this.#hasSettings && (type !== FrameType.Settings || (frame.flags & Flag.Ack) !== 0)) {
      throw new ConnectionError(ErrorCode.ProtocolError, 'the preface is not followed by SETTINGS');
    }
    switch (type) {
      case FrameType.Data:
        return this.#onData(frame);
      case FrameType.Headers:
        return this.#onHeaders(frame);
      case FrameType.Priority:
        return this.#onPriority(frame);
      case FrameType.RstStream:
        return this.#onRstStream(frame);
      case FrameType.Settings:
        return this.#onSettings(frame);
      case FrameType.PushPromise:
        throw new ConnectionError(ErrorCode.ProtocolError, 'a client pushes nothing');
      case FrameType.Ping:
        return this.#onPing(frame);
      case FrameType.GoAway:
        return this.#onGoAway(frame);
      case FrameType.WindowUpdate:
        return this.#onWindowUpdate(frame);
      case FrameType.Continuation:
        return this.#onContinuation(frame);
      default:
        // Section 5.5: those that are not known are ignored, if they do not come by the thousand.
        this.#abuse.spendControl();
    }
  }

  /** Section 6.1. */
  #onData(frame: Frame): void {
    const { streamId, flags } = frame;
    // Padding counts.
    const windowBytes = frame.end - frame.start;
    assertOnStream(frame);
    if (!this.#window.receive(windowBytes)) {
      throw new ConnectionError(ErrorCode.FlowControlError, 'more than the connection’s window');
    }
    const raise = this.#window.consume(windowBytes);
    if (raise > 0) {
      this.#sender.output.windowUpdate(0, raise);
      this.#sender.schedule();
    }
    stripPadding(frame);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.#dataOfNoStream(streamId);
    if (stream.isRemoteEnded) throw new StreamError(ErrorCode.StreamClosed, 'data after the end');
    if (!stream.receiveWindow.receive(windowBytes)) {
      throw new StreamError(ErrorCode.FlowControlError, 'more than the stream’s window');
    }
    const length = frame.end - frame.start;
    const isEnd = (flags & Flag.EndStream) !== 0;
    stream.receivedBytes += length;
    assertLength(stream, isEnd);
    if (length === 0 && !isEnd) this.#abuse.spendControl();
    if (isEnd) stream.isRemoteEnded = true;
    else stream.consumed(windowBytes);
    if (length > 0) stream.receiver?.data(frame.bytes.subarray(frame.start, frame.end));
    if (isEnd) stream.receiver?.end();
  }

  #dataOfNoStream(streamId: number): void {
    if (this.#streams.isIgnored(streamId)) return this.#abuse.spendControl();
    this.#streams.assertNotIdle(streamId);
    throw new StreamError(ErrorCode.StreamClosed, 'data for a stream that is closed');
  }

  /** Section 6.2. */
  #onHeaders(frame: Frame): void {
    const { streamId, flags, bytes } = frame;
    if (streamId % 2 === 0) throw new ConnectionError(ErrorCode.ProtocolError, 'clients open streams of odd numbers');
    stripPadding(frame);
    const dependency = stripPriority(frame);
    const isEnd = (flags & Flag.EndStream) !== 0;
    if ((flags & Flag.EndHeaders) !== 0) {
      return this.#onBlock(streamId, isEnd, dependency, bytes, frame.start, frame.end);
    }
    this.#block = new HeaderBlock(streamId, isEnd, dependency, MAX_HEADER_LIST_BYTES);
    this.#block.push(bytes.subarray(frame.start, frame.end));
  }

  /** Section 6.10. */
  #onContinuation(frame: Frame): void {
    const block = this.#block;
    if (block === null) throw new ConnectionError(ErrorCode.ProtocolError, 'nothing to continue');
    block.push(frame.bytes.subarray(frame.start, frame.end));
    if ((frame.flags & Flag.EndHeaders) === 0) return;
    this.#block = null;
    const bytes = block.join();
    this.#onBlock(block.streamId, block.isEndOfStream, block.dependency, bytes, 0, bytes.length);
  }

  /** Each block is decoded, whatever becomes of its stream: the next builds on it. */
  #onBlock(
    streamId: number,
    isEnd: boolean,
    dependency: number | null,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) {
      this.#onTrailers(stream, isEnd, this.#heads.readTrailers(bytes, start, end));
      return;
    }
    const head = this.#heads.read(bytes, start, end);
    if (this.#streams.isIgnored(streamId)) return this.#abuse.spendControl();
    this.#streams.begin(streamId);
    this.#abuse.earn();
    if (head === 'TooLarge') return this.#refuseTooLarge(streamId, isEnd);
    if (head === 'Malformed' || dependency === streamId) {
      throw new StreamError(ErrorCode.ProtocolError, 'a malformed request');
    }
    if (this.#streams.size >= this.#maxStreams || this.#sender.waitingBytes > MAX_WAITING_BYTES) {
      throw new StreamError(ErrorCode.RefusedStream, 'too many streams');
    }
    const opened = new Stream(streamId, head, this, this.#sender.streamWindow);
    assertLength(opened, isEnd);
    opened.isRemoteEnded = isEnd;
    this.#streams.add(opened);
    const receiver = this.#options.onStream(opened);
    if (receiver === null) return;
    if (opened.destroyed) return receiver.closed();
    opened.receiver = receiver;
    if (isEnd) receiver.end();
  }

  /** Section 8.1. */
  #onTrailers(stream: Stream, isEnd: boolean, isValid: boolean): void {
    if (stream.isRemoteEnded) throw new StreamError(ErrorCode.StreamClosed, 'headers after the end');
    if (!isEnd || !isValid) throw new StreamError(ErrorCode.ProtocolError, 'malformed trailers');
    assertLength(stream, true);
    stream.isRemoteEnded = true;
    stream.receiver?.end();
  }

  /** RFC 6585, section 5. */
  #refuseTooLarge(streamId: number, isEnd: boolean): void {
    this.#sender.headers(streamId, TOO_LARGE, true);
    if (!isEnd) this.#sendReset(streamId, ErrorCode.NoError);
  }

  /** Section 6.3: to be checked, and ignored. */
  #onPriority(frame: Frame): void {
    assertOnStream(frame);
    this.#abuse.spendControl();
    const { streamId, bytes, start, end } = frame;
    if (end - start !== PRIORITY_BYTES)
      throw this.#errorOn(streamId, ErrorCode.FrameSizeError, 'PRIORITY of wrong size');
    if ((bytes.readUInt32BE(start) & 0x7fffffff) === streamId) {
      throw this.#errorOn(streamId, ErrorCode.ProtocolError, 'a stream that depends on itself');
    }
  }

  /** Section 6.4. */
  #onRstStream(frame: Frame): void {
    assertOnStream(frame);
    assertSize(frame, 4);
    const stream = this.#streams.get(frame.streamId);
    if (stream === undefined && !this.#streams.isIgnored(frame.streamId)) this.#streams.assertNotIdle(frame.streamId);
    this.#abuse.spendReset();
    if (stream !== undefined) this.#closeStream(stream);
  }

  /** Section 6.5. */
  #onSettings(frame: Frame): void {
    assertOnConnection(frame);
    if ((frame.flags & Flag.Ack) !== 0) {
      assertSize(frame, 0);
      clearTimeout(this.#timer);
      return;
    }
    const change = parseSettings(frame.bytes, frame.start, frame.end);
    this.#abuse.spendControl(change.initialWindowBytes === undefined ? 1 : 1 + this.#streams.size / 16);
    if (!this.#sender.apply(change, this.#streams.open())) {
      throw new ConnectionError(ErrorCode.FlowControlError, 'INITIAL_WINDOW_SIZE takes a window beyond its bound');
    }
    this.#hasSettings = true;
    this.#sender.output.settingsAck();
    this.#sender.schedule();
  }

  /** Section 6.7. */
  #onPing(frame: Frame): void {
    assertOnConnection(frame);
    assertSize(frame, 8);
    if ((frame.flags & Flag.Ack) !== 0) {
      this.#isAwaitingPing = false;
      return;
    }
    this.#abuse.spendControl();
    this.#sender.output.frame(FrameType.Ping, Flag.Ack, 0, frame.bytes.subarray(frame.start, frame.end));
    this.#sender.schedule();
  }

  /** Section 6.8. What it has asked for it still gets. */
  #onGoAway(frame: Frame): void {
    assertOnConnection(frame);
    if (frame.end - frame.start < 8) throw new ConnectionError(ErrorCode.FrameSizeError, 'GOAWAY of wrong size');
    this.close();
  }

  /** Section 6.9. */
  #onWindowUpdate(frame: Frame): void {
    assertSize(frame, 4);
    this.#abuse.spendControl();
    const { streamId } = frame;
    const by = frame.bytes.readUInt32BE(frame.start) & 0x7fffffff;
    if (streamId === 0) {
      if (by === 0) throw new ConnectionError(ErrorCode.ProtocolError, 'WINDOW_UPDATE by nothing');
      if (!this.#sender.raiseWindow(by)) {
        throw new ConnectionError(ErrorCode.FlowControlError, 'the connection’s window goes beyond its bound');
      }
      return;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      // It may have been on its way when the stream closed.
      if (!this.#streams.isIgnored(streamId)) this.#streams.assertNotIdle(streamId);
      return;
    }
    if (by === 0) throw new StreamError(ErrorCode.ProtocolError, 'WINDOW_UPDATE by nothing');
    if (!this.#sender.raiseStreamWindow(stream, by)) {
      throw new StreamError(ErrorCode.FlowControlError, 'the stream’s window goes beyond its bound');
    }
  }

  /** Only a stream that is there can be reset. */
  #errorOn(streamId: number, code: ErrorCode, message: string): StreamError | ConnectionError {
    return this.#streams.get(streamId) === undefined
      ? new ConnectionError(code, message)
      : new StreamError(code, message);
  }

  /** Resets a stream for a fault of the client's, which may not have us do this all day (CVE-2025-8671). */
  #resetStream(streamId: number, code: ErrorCode): void {
    this.#sendReset(streamId, code);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#closeStream(stream);
    this.#abuse.spendReset();
  }

  /** Its client has left an answer lying, and there is no room for more. */
  #breakOff(stream: Stream): void {
    this.#sendReset(stream.id, ErrorCode.EnhanceYourCalm);
    this.#closeStream(stream);
  }

  #sendReset(streamId: number, code: ErrorCode): void {
    this.#sender.output.rstStream(streamId, code);
    this.#sender.schedule();
    this.#streams.noteReset(streamId);
  }

  /** All of the answer was sent; a client that goes on is told that nobody listens (section 8.1). */
  #finished(stream: Stream): void {
    if (!stream.isRemoteEnded) this.#sendReset(stream.id, ErrorCode.NoError);
    this.#closeStream(stream);
  }

  #closeStream(stream: Stream): void {
    this.#streams.delete(stream);
    this.#sender.forget(stream);
    stream.close();
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.#streams.isLeaving && !this.#isOver && this.#streams.size === 0) this.#end();
  }

  /** The client has read: it may ask again, even where the rest of a large answer fills the socket at once. */
  #drained(): void {
    this.#sender.flush();
    if (this.socket.isPaused()) this.socket.resume();
  }

  #settingsTimeout(): void {
    this.#fail(new ConnectionError(ErrorCode.SettingsTimeout, 'SETTINGS were not acknowledged'));
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    const fault = error instanceof HpackError ? new ConnectionError(ErrorCode.CompressionError, error.message) : error;
    if (!(fault instanceof ConnectionError)) throw fault;
    this.#sender.output.goAway(this.#streams.lastId, fault.code, fault.message);
    this.#end();
    this.#closeAll();
  }

  /** What was gathered still goes; the peer gets a moment to read it, and what it sends meanwhile is dropped. */
  #end(): void {
    this.#isOver = true;
    this.#destroyAfter(LAST_WRITE_MS);
    this.socket.once('finish', () => this.#destroyAfter(LINGER_MS));
    this.#sender.end();
    this.socket.resume();
  }

  #destroyAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.destroy(), ms).unref();
  }

  /** A client that has said its last has gone. */
  #ended(): void {
    if (!this.#isOver) this.destroy();
  }

  #gone(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#closeAll();
    this.#options.onClose(this);
  }

  #closeAll(): void {
    for (const stream of this.#streams.open()) {
      this.#streams.delete(stream);
      this.#sender.forget(stream);
      stream.close();
    }
  }
}

function settingsOf(maxStreams: number): Buffer {
  return encodeSettings([
    [Setting.MaxConcurrentStreams, maxStreams],
    [Setting.InitialWindowSize, STREAM_WINDOW_BYTES],
    [Setting.MaxHeaderListSize, MAX_HEADER_LIST_BYTES],
  ]);
}

/** Section 8.1.1: no more and no less than was announced. */
function assertLength({ head, receivedBytes }: Stream, isEnd: boolean): void {
  const { contentLength } = head;
  if (contentLength === null) return;
  if (receivedBytes > contentLength || (isEnd && receivedBytes < contentLength)) {
    throw new StreamError(ErrorCode.ProtocolError, 'content-length and content differ');
  }
}

function ignore(): void {}
