/**
 * One TCP or TLS connection that carries frames: gathers what is sent in a turn into one write, answers pings, says
 * goodbye when it closes on purpose, and tells such an end from a crash.
 */
import type { Socket } from 'node:net';
import { formatAddress } from './address.ts';
import { BodyReader } from './body-reader.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameType } from './frame-types.ts';
import { FrameWriter } from './frame-writer.ts';
import { type Goodbye, GREETING_LIMIT_BYTES, readGoodbye, writeGoodbye } from './greetings.ts';
import type { TransportClock } from './options.ts';
import { ProtocolError } from './protocol-error.ts';
import type { RefusedHandshake } from './types.ts';

/** How the other side, or the network, has ended it. */
export type ConnectionEnd = {
  /** It said goodbye first. */
  readonly isDeliberate: boolean;
  readonly reason: string;
  readonly refusal: RefusedHandshake | null;
};

export interface ConnectionHandler {
  /** `body[0]` is the type. Goodbye, Ping and Pong do not come here. May throw `ProtocolError`. */
  frame(body: Buffer, isOwned: boolean): void;
  /** Once, unless this side has closed it. */
  ended(end: ConnectionEnd): void;
}

/** What it has carried; a peer's go on over all its connections. */
export type Traffic = { bytesSent: number; bytesReceived: number };

/** Ticks of silence after which the other side counts as gone. */
const SILENT_TICKS = 5;
/** How long the other side may take to close after a goodbye. */
const LINGER_MS = 500;
/** An answered ping's part in the smoothed round trip (as TCP's, RFC 6298). */
const ROUND_TRIP_GAIN = 1 / 8;

export class Connection {
  readonly remoteAddress: string;
  /** Null when the socket is gone already. */
  readonly remoteHost: string | null;
  /** Resolves when nothing is left of it. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #clock: TransportClock;
  readonly #reader: FrameReader;
  readonly #maxFrameBytes: number;
  #handler: ConnectionHandler;
  #traffic: Traffic = { bytesSent: 0, bytesReceived: 0 };
  #isOpen = true;
  #isFlushScheduled = false;
  #hasHeard = true;
  #silentTicks = 0;
  #isPinging = false;
  #pingSentAtMs: number | null = null;
  #roundTripMs: number | null = null;

  /** Gathers frames; call `flushSoon` after writing to it. */
  readonly writer: FrameWriter;

  constructor(socket: Socket, clock: TransportClock, maxFrameBytes: number, handler: ConnectionHandler) {
    this.#socket = socket;
    this.#clock = clock;
    this.#maxFrameBytes = maxFrameBytes;
    this.#handler = handler;
    this.#reader = new FrameReader(Math.min(GREETING_LIMIT_BYTES, maxFrameBytes));
    this.writer = new FrameWriter(maxFrameBytes);
    this.remoteHost = socket.remoteAddress ?? null;
    this.remoteAddress = formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('end', () => this.#lost('the peer closed the connection without a goodbye'));
    socket.on('error', (error) => this.#lost(error.message));
    socket.on('close', () => this.#lost('the connection was closed'));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Null before the first answer. */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  get queuedBytes(): number {
    return this.writer.pendingBytes + this.#socket.writableLength;
  }

  /** After the handshake: who handles the rest, where it is counted, and who asks for signs of life. */
  established(handler: ConnectionHandler, traffic: Traffic, pings: boolean): void {
    traffic.bytesSent += this.#traffic.bytesSent;
    traffic.bytesReceived += this.#traffic.bytesReceived;
    this.#traffic = traffic;
    this.#handler = handler;
    this.#reader.limitBytes = this.#maxFrameBytes;
    this.#isPinging = pings;
    if (pings) this.#ping();
  }

  /** What is written in this turn goes out together, at its end. */
  flushSoon(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    process.nextTick(this.#flushNow);
  }

  readonly #flushNow = (): void => {
    this.#isFlushScheduled = false;
    if (this.#isOpen) this.#flush();
  };

  /** Resolves when the queue has gone to the system, or the connection has ended. */
  async drained(): Promise<void> {
    if (!this.#isOpen) return;
    this.#flush();
    if (!this.#socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  /** Called at a steady pace. A peer that froze or was cut off sends no FIN: only silence tells. */
  tick(): void {
    if (!this.#isOpen) return;
    this.#silentTicks = this.#hasHeard ? 0 : this.#silentTicks + 1;
    this.#hasHeard = false;
    if (this.#silentTicks >= SILENT_TICKS) this.#fail('nothing was heard from the peer for too long');
    else if (this.#isPinging) this.#ping();
  }

  /** Everything queued, then a goodbye. The handler hears no more. */
  close(goodbye: Goodbye): void {
    if (!this.#isOpen) return;
    writeGoodbye(this.writer, goodbye);
    this.#flush();
    this.#finish();
  }

  /** Everything queued, then the end; for a handshake that failed. */
  closeWithoutGoodbye(): void {
    if (!this.#isOpen) return;
    this.#flush();
    this.#finish();
  }

  #received(chunk: Buffer): void {
    if (!this.#isOpen) return;
    this.#hasHeard = true;
    this.#traffic.bytesReceived += chunk.length;
    try {
      this.#reader.push(chunk, this.#onFrame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail(error.message);
    }
  }

  readonly #onFrame = (body: Buffer, isOwned: boolean): boolean => {
    switch (body[0]) {
      case FrameType.Ping:
        this.#pong(body);
        break;
      case FrameType.Pong:
        this.#ponged(body);
        break;
      case FrameType.Goodbye:
        this.#ended({ isDeliberate: true, ...readGoodbye(body) });
        break;
      default:
        this.#handler.frame(body, isOwned);
    }
    return this.#isOpen;
  };

  #ping(): void {
    if (this.#pingSentAtMs !== null) return;
    this.#pingSentAtMs = this.#clock.nowMs();
    this.writer.begin(FrameType.Ping);
    this.writer.float(this.#pingSentAtMs);
    this.writer.end();
    this.flushSoon();
  }

  #pong(ping: Buffer): void {
    const reader = new BodyReader(ping);
    this.writer.begin(FrameType.Pong);
    this.writer.float(reader.float());
    this.writer.end();
    this.flushSoon();
  }

  #ponged(pong: Buffer): void {
    const sentAtMs = new BodyReader(pong).float();
    if (sentAtMs !== this.#pingSentAtMs) throw new ProtocolError('a ping was answered that was not sent');
    this.#pingSentAtMs = null;
    const sampleMs = this.#clock.nowMs() - sentAtMs;
    this.#roundTripMs =
      this.#roundTripMs === null ? sampleMs : this.#roundTripMs + ROUND_TRIP_GAIN * (sampleMs - this.#roundTripMs);
  }

  #flush(): void {
    const sizeBytes = this.writer.pendingBytes;
    if (sizeBytes === 0) return;
    this.#traffic.bytesSent += sizeBytes;
    const parts = this.writer.take();
    const last = parts.length - 1;
    if (last === 0) {
      this.#socket.write(parts[0]!, this.#release);
      return;
    }
    this.#socket.cork();
    for (let i = 0; i < last; i++) this.#socket.write(parts[i]!);
    this.#socket.write(parts[last]!, this.#release);
    this.#socket.uncork();
  }

  readonly #release = (): void => this.writer.release();

  /** This side gives up: the other one is told, if it can hear, so that it does not take us for dead. */
  #fail(reason: string): void {
    this.close({ reason, refusal: null });
    this.#handler.ended({ isDeliberate: false, reason, refusal: null });
  }

  #lost(reason: string): void {
    if (this.#isOpen) this.#ended({ isDeliberate: false, reason, refusal: null });
    this.#socket.destroy();
  }

  #ended(end: ConnectionEnd): void {
    this.#finish();
    this.#handler.ended(end);
  }

  /**
   * Sends FIN and reads on until the other's. Destroyed at once, a socket with unread bytes answers with RST, which
   * can take the goodbye with it before the other side has read it.
   */
  #finish(): void {
    this.#isOpen = false;
    this.#socket.end();
    this.#socket.resume();
    if (this.#socket.destroyed) return;
    const timer = this.#clock.after(LINGER_MS, () => this.#socket.destroy());
    this.#socket.once('close', () => timer.cancel());
  }
}
