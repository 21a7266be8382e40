/** What a handler may know of the call that it answers. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Code, deadlineExceeded, GrpcError } from './status.ts';

/** What carries the answer: a stream of HTTP/2, or a response of HTTP/1.1. */
export type CallStream = {
  /** Answered, or the caller has gone. */
  readonly destroyed: boolean;
  readonly session?: { readonly socket: Socket } | undefined;
  readonly socket?: Socket | null | undefined;
  once(event: 'close', listener: () => void): unknown;
};

/** By lower-case name. */
export type Metadata = Readonly<Record<string, string | readonly string[] | undefined>>;

export class Call {
  readonly path: string;
  /** Until the caller gives up, or the server's own limit for a request, whichever is sooner. */
  readonly timeoutMs: number;
  /** By `performance.now()`, as is the deadline. */
  readonly startedMs: number = performance.now();
  /** Null when the caller waits for ever. */
  readonly deadlineMs: number | null;
  /** For whoever serves the call: what must last as long as it does. */
  kept: unknown = null;
  readonly #headers: Metadata;
  readonly #stream: CallStream;
  #controller: AbortController | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param callerTimeoutMs null when it set none */
  constructor(path: string, headers: Metadata, stream: CallStream, callerTimeoutMs: number | null, limitMs: number) {
    this.path = path;
    this.timeoutMs = callerTimeoutMs === null ? limitMs : Math.min(callerTimeoutMs, limitMs);
    this.deadlineMs = callerTimeoutMs === null ? null : this.startedMs + callerTimeoutMs;
    this.#headers = headers;
    this.#stream = stream;
  }

  /** One that came more than once has its values joined by commas. */
  metadata(name: string): string | undefined {
    const value = this.#headers[name];
    return typeof value === 'object' ? value.join(',') : value;
  }

  /** Binary metadata travels as base64 under a name that ends in `-bin`; padding may be missing. */
  binaryMetadata(name: `${string}-bin`): Buffer | undefined {
    const value = this.metadata(name);
    return value === undefined ? undefined : Buffer.from(value, 'base64');
  }

  /** The common name of a client certificate that our authority has issued. */
  get certificateName(): string | null {
    const socket = this.#stream.session?.socket as Partial<TLSSocket> | undefined;
    if (socket?.authorized !== true) return null;
    const name = socket.getPeerCertificate?.()?.subject?.CN;
    return (Array.isArray(name) ? name[0] : name) ?? null;
  }

  /** The connection that it came by; null once that has gone. */
  get socket(): Socket | null {
    return this.#stream.session?.socket ?? this.#stream.socket ?? null;
  }

  get isOver(): boolean {
    return this.#stream.destroyed;
  }

  get isPastDeadline(): boolean {
    return this.deadlineMs !== null && performance.now() >= this.deadlineMs;
  }

  /**
   * Aborted when the caller has gone, at its deadline, and by `cancel`; the reason is a GrpcError where the caller can
   * still be told. Only what waits for long needs it: it costs a timer.
   */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#stream.once('close', () => this.#abort(controller, GONE));
      if (this.deadlineMs !== null) {
        const leftMs = Math.max(0, this.deadlineMs - performance.now());
        this.#timer = setTimeout(() => this.#abort(controller, deadlineExceeded()), leftMs);
      }
      if (this.isOver) this.#abort(controller, GONE);
    }
    return this.#controller.signal;
  }

  /** Ends a streaming call with this error; to one that waits for its `signal`, it is the reason. */
  cancel(error: GrpcError): void {
    if (this.#controller !== null) this.#abort(this.#controller, error);
  }

  #abort(controller: AbortController, reason: GrpcError): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    controller.abort(reason);
  }
}

/** One for all: it comes with every stream that closes, and its stack would say nothing. */
const GONE = new GrpcError(Code.Canceled, 'context canceled');
