/** One request and its answer (RFC 9113, section 5), as whoever answers sees it. */
import type { Socket } from 'node:net';
import type { HeldAnswer } from '../../server/types.ts';
import { ReceiveWindow } from './receive-window.ts';
import type { RequestHead } from './request-head.ts';
import { SendQueue } from './send-queue.ts';

/** Takes what the client sends. */
export type Receiver = {
  data(chunk: Buffer): void;
  /** The client has said its last. */
  end(): void;
  /** Nothing more comes and nothing more can be sent: answered, reset, or the connection is gone. Once. */
  closed(): void;
};

/** What a stream needs of its connection. */
export type StreamOwner = {
  readonly socket: Socket;
  sendHeaders(stream: Stream, block: Buffer): void;
  sendData(stream: Stream, chunk: Buffer): void;
  finish(stream: Stream, block: Buffer): void;
  raiseWindow(stream: Stream, bytes: number): void;
};

/** More than HTTP/2's default, so that a large value does not wait for a round trip each 64 KiB. */
export const STREAM_WINDOW_BYTES: number = 1 << 20;
/** When so much waits to be sent, whoever sends is asked to wait. */
const MAX_WAITING_BYTES = 64 * 1024;

const EMPTY_QUEUE = new SendQueue();

export const NO_TRAILERS: Buffer = Buffer.alloc(0);

export class Stream {
  readonly id: number;
  readonly head: RequestHead;
  readonly session: StreamOwner;

  // The connection's part: nobody else changes these.
  receiver: Receiver | null = null;
  isRemoteEnded = false;
  /** The bytes of the body that have come, without padding. */
  receivedBytes = 0;
  readonly receiveWindow: ReceiveWindow = new ReceiveWindow(STREAM_WINDOW_BYTES);
  /** May be negative (section 6.9.2). */
  sendWindow: number;
  /** Most never have to wait: those share a queue that stays empty. Added to by `hold`. */
  waiting: SendQueue = EMPTY_QUEUE;
  /** What waits, from the moment that it is much. */
  held: HeldAnswer | null = null;
  /** Go when nothing waits any more. */
  trailers: Buffer | null = null;

  #hasSentHeaders = false;
  #isFinished = false;
  #isClosed = false;
  #isPaused = false;
  #heldBytes = 0;
  #onClose: (() => void)[] | null = null;
  #drain: PromiseWithResolvers<void> | null = null;

  constructor(id: number, head: RequestHead, session: StreamOwner, sendWindow: number) {
    this.id = id;
    this.head = head;
    this.session = session;
    this.sendWindow = sendWindow;
  }

  get hasSentHeaders(): boolean {
    return this.#hasSentHeaders;
  }

  get destroyed(): boolean {
    return this.#isClosed;
  }

  once(_event: 'close', listener: () => void): void {
    if (this.#onClose === null) this.#onClose = [listener];
    else this.#onClose.push(listener);
  }

  /** Once, before anything else. */
  sendHeaders(block: Buffer): void {
    if (this.#isClosed || this.#isFinished) return;
    this.#hasSentHeaders = true;
    this.session.sendHeaders(this, block);
  }

  /** Resolves when there is room for more, or nobody to send to; undefined when there is room at once. */
  send(chunk: Buffer): Promise<void> | undefined {
    if (this.#isClosed || this.#isFinished) return undefined;
    this.session.sendData(this, chunk);
    if (this.waiting.bytes < MAX_WAITING_BYTES) return undefined;
    this.#drain ??= Promise.withResolvers();
    return this.#drain.promise;
  }

  /**
   * The last that is sent. What the client still sends is of no use then, and it is told so.
   * @param block headers where there were none before, or trailers; neither: the data end
   */
  finish(block: Buffer = NO_TRAILERS): void {
    if (this.#isClosed || this.#isFinished) return;
    this.#hasSentHeaders = true;
    this.#isFinished = true;
    this.session.finish(this, block);
  }

  /** The client may send what is left of its window, which is not raised any more. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const held = this.#heldBytes;
    this.#heldBytes = 0;
    if (held > 0) this.#raise(held);
  }

  /** Called by the connection: so much of the window was used. */
  consumed(bytes: number): void {
    if (this.#isPaused) this.#heldBytes += bytes;
    else this.#raise(bytes);
  }

  /** Called by the connection: keeps a chunk, which goes out when there is room. */
  hold(chunk: Buffer): void {
    if (this.waiting === EMPTY_QUEUE) this.waiting = new SendQueue();
    this.waiting.push(chunk);
  }

  /** Called by the connection: nothing waits any more. */
  drained(): void {
    this.#drain?.resolve();
    this.#drain = null;
  }

  /** Called by the connection, once. */
  close(): void {
    this.#isClosed = true;
    this.waiting = EMPTY_QUEUE;
    this.drained();
    const { receiver } = this;
    this.receiver = null;
    receiver?.closed();
    const listeners = this.#onClose;
    this.#onClose = null;
    if (listeners !== null) for (const listener of listeners) listener();
  }

  #raise(bytes: number): void {
    if (this.#isClosed || this.isRemoteEnded) return;
    const raise = this.receiveWindow.consume(bytes);
    if (raise > 0) this.session.raiseWindow(this, raise);
  }
}
