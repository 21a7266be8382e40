/** Server-Sent Events: one open stream, and all of them together. */
import type { ServerResponse } from 'node:http';
import { ClientGone } from './body.ts';
import type { Exchange } from './exchange.ts';

const headers: readonly string[] = [
  'Content-Type',
  'text/event-stream; charset=utf-8',
  'Cache-Control',
  'no-store',
  'X-Content-Type-Options',
  'nosniff',
  // nginx would otherwise hold events back.
  'X-Accel-Buffering',
  'no',
];

/** One event; `id` is what a client sends back as `Last-Event-ID`. Data is one line, as JSON is. */
export function eventFrame(name: string, data: unknown, id: number | null): string {
  return `${id === null ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

export type StreamListener = {
  /** Called once, whoever ends it: the client, the member, or `end`. */
  ended(): void;
  /** Called at each heartbeat while the client keeps up. */
  quiet?(): void;
};

export class EventStream {
  readonly #response: ServerResponse;
  readonly #listener: StreamListener;
  #wake: (() => void) | null = null;
  isOpen = true;

  constructor(exchange: Exchange, listener: StreamListener) {
    const { response, api } = exchange;
    if (response.destroyed) throw new ClientGone();
    this.#response = response;
    this.#listener = listener;
    api.admission.enterStream();
    const remove = api.streams.add(this);
    response.once('close', () => {
      this.#finish();
      remove();
      api.admission.leaveStream();
    });
    response.on('drain', () => this.#resume());
    exchange.beginStream(200, [...headers]);
    if (exchange.request.method === 'HEAD') this.end();
    // How soon a browser tries again.
    else response.write('retry: 1000\n\n');
  }

  /** Resolves when the client is ready for more; the frame is not held twice meanwhile. */
  send(frame: string): Promise<void> | undefined {
    if (!this.isOpen || this.#response.write(frame)) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Whether the client is behind: what is sent now only lies in memory. */
  get isBlocked(): boolean {
    return this.#response.writableNeedDrain;
  }

  heartbeat(): void {
    if (!this.isOpen || this.isBlocked) return;
    this.#response.write(':\n\n');
    this.#listener.quiet?.();
  }

  end(): void {
    if (!this.isOpen) return;
    this.#response.end();
    this.#finish();
  }

  #finish(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#resume();
    this.#listener.ended();
  }

  #resume(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

/** Heartbeats go out in this many turns, not all at once: thousands of writes would hold up everything else. */
const heartbeatTurns = 16;

export class OpenStreams {
  readonly #turns: readonly Set<EventStream>[] = Array.from({ length: heartbeatTurns }, () => new Set<EventStream>());
  readonly #heartbeatIntervalMs: number;
  #timer: NodeJS.Timeout | null = null;
  #size = 0;
  #next = 0;
  /** Set when the server stops: answers then close their connections. */
  isClosing = false;

  constructor(heartbeatIntervalMs: number) {
    this.#heartbeatIntervalMs = heartbeatIntervalMs;
  }

  /** Returns how to take it out again. */
  add(stream: EventStream): () => void {
    // Into the group that has just had its turn, so that a full interval passes before the first heartbeat.
    const turn = this.#turns[(this.#next + heartbeatTurns - 1) % heartbeatTurns]!;
    turn.add(stream);
    this.#size += 1;
    this.#timer ??= setInterval(() => this.#beat(), this.#heartbeatIntervalMs / heartbeatTurns).unref();
    return () => {
      turn.delete(stream);
      this.#size -= 1;
      if (this.#size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  }

  /** Ends every stream in good order; clients see the end of the response and may go elsewhere. */
  close(): void {
    this.isClosing = true;
    for (const turn of this.#turns) for (const stream of [...turn]) stream.end();
  }

  #beat(): void {
    const turn = this.#turns[this.#next]!;
    this.#next = (this.#next + 1) % heartbeatTurns;
    for (const stream of turn) stream.heartbeat();
  }
}
