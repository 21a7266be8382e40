/** What a handler may know of the call that it answers. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Encoding } from './message-reader.ts';
import { Code, deadlineExceeded, GrpcError } from './status.ts';

/** What carries the answer: a stream of HTTP/2, or a response of HTTP/1.1. */
export type CallStream = {
  /** Answered, or the caller has gone. */
  readonly destroyed: boolean;
  readonly session?: { readonly socket: Socket } | undefined;
  readonly socket?: Socket | null | undefined;
  once(event: 'close', listener: () => void): unknown;
};

/** Metadata by their names in lower case. */
export type Metadata = Readonly<Record<string, string | readonly string[] | undefined>>;

export class Call {
  readonly path: string;
  /** The time until the caller gives up, or the server's own limit for a request, whichever is sooner. */
  readonly timeoutMs: number;
  /** By `performance.now()`, as is the deadline. */
  readonly startedMs: number = performance.now();
  /** Null when the caller waits for ever. */
  readonly deadlineMs: number | null;
  /** A place where whoever serves the call may keep what must last as long as the call. */
  kept: unknown = null;
  readonly #headers: Metadata;
  readonly #stream: CallStream;
  #controller: AbortController | null = null;
  #onAbort: ((reason: GrpcError) => void)[] | null = null;
  #reason: GrpcError | null = null;
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

  /** How its messages are compressed; the server has refused what it does not know. */
  get encoding(): Encoding {
    return this.#headers['grpc-encoding'] === 'gzip' ? 'gzip' : 'identity';
  }

  /** The token of the user as whom it calls. */
  get token(): string | undefined {
    return this.metadata('token') ?? this.metadata('authorization')?.replace(/^Bearer +/i, '');
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
   * Calls back once: when the caller has gone, at its deadline, and by `cancel`. To the caller of one that is not over the
   * reason can still be told.
   */
  onAbort(listener: (reason: GrpcError) => void): void {
    if (this.#reason !== null) {
      listener(this.#reason);
      return;
    }
    if (this.#onAbort !== null) {
      this.#onAbort.push(listener);
      return;
    }
    this.#onAbort = [listener];
    if (this.isOver) {
      this.#abort(GONE);
      return;
    }
    this.#stream.once('close', () => this.#abort(GONE));
    if (this.deadlineMs === null) return;
    const leftMs = Math.max(0, this.deadlineMs - performance.now());
    this.#timer = setTimeout(() => this.#abort(deadlineExceeded()), leftMs);
  }

  /** The same as an `AbortSignal`, which costs more. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController();
      this.#controller = controller;
      this.onAbort((reason) => controller.abort(reason));
    }
    return this.#controller.signal;
  }

  /** Ends a streaming call with this error; to one that waits for its end, it is the reason. */
  cancel(error: GrpcError): void {
    if (this.#onAbort !== null) this.#abort(error);
  }

  #abort(reason: GrpcError): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const listeners = this.#onAbort;
    this.#onAbort = null;
    if (listeners !== null) for (const listener of listeners) listener(reason);
  }
}

/** One for all: it comes with every stream that closes, and its stack would say nothing. */
const GONE = new GrpcError(Code.Canceled, 'context canceled');
