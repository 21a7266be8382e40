/**
 * gRPC over HTTP/2, on connections that someone else has accepted. Node's own `http2` does the frames; everything of
 * gRPC that our methods need is in this folder: no compression, no retries.
 *
 *     const server = new GrpcServer({ methods, … });
 *     server.accept(socket);
 */
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { Call } from './call.ts';
import { Inbox } from './inbox.ts';
import { MessageReader, soleMessage } from './message-reader.ts';
import type { Method, Methods } from './method.ts';
import { replyFailure, replyOnce, StreamReply } from './reply.ts';
import { Code, GrpcError } from './status.ts';
import { parseTimeout } from './timeout.ts';

export type GrpcLimits = {
  readonly maxMessageBytes: number;
  /** Calls of every kind. */
  readonly maxCalls: number;
  /** Of messages that have not arrived whole, on all connections. */
  readonly maxBufferedBytes: number;
  /** For a unary call whose caller would wait longer. */
  readonly maxTimeoutMs: number;
  /** A connection whose ping is not answered by the next one is dead. */
  readonly pingIntervalMs: number;
};

export type GrpcServerOptions = {
  readonly methods: Methods;
  readonly limits: GrpcLimits;
  /** Looks at each call before its handler does. @throws what `errorOf` understands */
  readonly before: (call: Call, kind: Method['kind']) => void;
  /** What a caller is told of an error that a handler threw. */
  readonly errorOf: (error: unknown, call: Call) => GrpcError;
  /** Told of each call that was given to its handler, once that is done, how it ended and how long it took. */
  readonly observe?: (path: string, code: Code, seconds: number) => void;
  /** Ends streaming calls when the server stops. */
  readonly stopped: GrpcError;
  readonly tooMany: GrpcError;
};

/** More than the default, so that a large value does not wait for a round trip each 64 KiB. */
const STREAM_WINDOW_BYTES = 1 << 20;
const CONNECTION_WINDOW_BYTES = 4 << 20;
/** What one connection may hold in frames; MiB. */
const MAX_SESSION_MEMORY_MIB = 256;
/** Callers that give up on calls are common; a flood of resets (CVE-2023-44487) is not. */
const RESETS = { streamResetBurst: 10_000, streamResetRate: 1000 };
/** Of one streaming call, taken by its handler when it has time. */
const MAX_WAITING_MESSAGES = 128;

export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #http2: Http2Server;
  readonly #sessions = new Map<ServerHttp2Session, { isAwaitingPing: boolean }>();
  readonly #streamingCalls = new Set<StreamReply>();
  readonly #pings: NodeJS.Timeout;
  #calls = 0;
  #bufferedBytes = 0;
  #isClosing = false;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#methods = new Map(Object.entries(options.methods));
    this.#http2 = createServer({
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
      maxSessionMemory: MAX_SESSION_MEMORY_MIB,
      ...RESETS,
    });
    this.#http2.on('session', (session) => this.#opened(session));
    this.#http2.on('stream', (stream, headers) => this.#serve(stream, headers));
    this.#pings = setInterval(() => this.#ping(), options.limits.pingIntervalMs).unref();
  }

  readonly #callClosed = (): void => {
    this.#calls -= 1;
  };

  /** Takes over a connection whose first bytes, read back into it, are those of HTTP/2. */
  accept(socket: Socket): void {
    this.#http2.emit('connection', socket);
  }

  /** Takes no new call, ends streaming ones, lets the others finish; connections then close by themselves. */
  close(): void {
    this.#isClosing = true;
    clearInterval(this.#pings);
    for (const reply of this.#streamingCalls) reply.end(this.#options.stopped);
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Breaks off what is left. */
  destroy(): void {
    for (const session of this.#sessions.keys()) session.destroy();
  }

  #opened(session: ServerHttp2Session): void {
    this.#sessions.set(session, { isAwaitingPing: false });
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.on('error', ignore);
    session.on('close', () => this.#sessions.delete(session));
    if (this.#isClosing) session.close();
  }

  #ping(): void {
    for (const [session, state] of this.#sessions) {
      if (state.isAwaitingPing) {
        session.destroy();
        continue;
      }
      state.isAwaitingPing = session.ping(() => {
        state.isAwaitingPing = false;
      });
    }
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // An error here is a caller that went away; it must not end the process.
    stream.on('error', ignore);
    const contentType = headers['content-type'];
    if (contentType === undefined || !isGrpc(contentType)) return refuseHttp(stream, 415);
    if (headers[':method'] !== 'POST') return refuseHttp(stream, 405);
    const path = headers[':path'] ?? '';
    const timeoutMs = parseTimeout(headers['grpc-timeout'] as string | undefined);
    if (Number.isNaN(timeoutMs)) {
      return replyFailure(stream, new GrpcError(Code.Internal, 'malformed grpc-timeout'));
    }
    const { limits, before, errorOf, tooMany } = this.#options;
    const encoding = headers['grpc-encoding'];
    if (encoding !== undefined && encoding !== 'identity') return refuseEncoding(stream, String(encoding));
    const method = this.#methods.get(path);
    if (method === undefined) return replyFailure(stream, unknownMethod(path));
    if (this.#calls >= limits.maxCalls) return replyFailure(stream, tooMany);
    const call = new Call(path, headers, stream, timeoutMs, limits.maxTimeoutMs);
    try {
      before(call, method.kind);
    } catch (error) {
      return replyFailure(stream, errorOf(error, call));
    }
    this.#calls += 1;
    stream.on('close', this.#callClosed);
    if (method.kind === 'Unary') this.#serveUnary(stream, call, method);
    else if (method.kind === 'ServerStream') this.#serveServerStream(stream, call, method);
    else this.#serveBidi(stream, call, method);
  }

  #serveUnary(stream: ServerHttp2Stream, call: Call, method: Method & { kind: 'Unary' }): void {
    this.#readOne(stream, call, (message) => {
      method.run(message, call).then(
        (frame) => {
          replyOnce(stream, frame);
          this.#observe(call, Code.Ok);
        },
        (error: unknown) => {
          const failure = this.#options.errorOf(error, call);
          replyFailure(stream, failure);
          this.#observe(call, failure.code);
        },
      );
    });
  }

  #serveServerStream(stream: ServerHttp2Stream, call: Call, method: Method & { kind: 'ServerStream' }): void {
    this.#readOne(stream, call, (message) => {
      const reply = this.#startReply(stream, call);
      this.#endReply(reply, call, method.run(message, call, reply.send));
    });
  }

  #serveBidi(stream: ServerHttp2Stream, call: Call, method: Method & { kind: 'Bidi' }): void {
    const reader = new MessageReader(this.#options.limits.maxMessageBytes);
    const inbox = new Inbox(() => stream.resume());
    const charge = this.#chargeFor(stream);
    stream.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
        for (let message = reader.next(); message !== null; message = reader.next()) inbox.push(message);
        charge(reader.bufferedBytes);
        if (inbox.size >= MAX_WAITING_MESSAGES) stream.pause();
      } catch (error) {
        inbox.fail(error as Error);
      }
    });
    stream.on('end', () => inbox.end());
    call.signal.addEventListener('abort', () => inbox.discard(), { once: true });
    const reply = this.#startReply(stream, call);
    this.#endReply(reply, call, method.run(inbox, call, reply.send));
  }

  /** The one message of a call that has no more. Its handler begins as soon as that is there. */
  #readOne(stream: ServerHttp2Stream, call: Call, take: (message: Buffer) => void): void {
    const { maxMessageBytes } = this.#options.limits;
    let reader: MessageReader | null = null;
    let charge: ((bytes: number) => void) | null = null;
    let isTaken = false;
    stream.on('data', (chunk: Buffer) => {
      if (isTaken) return;
      try {
        let message = reader === null ? soleMessage(chunk, maxMessageBytes) : null;
        if (message === null) {
          reader ??= new MessageReader(maxMessageBytes);
          charge ??= this.#chargeFor(stream);
          reader.push(chunk);
          message = reader.next();
          charge(reader.bufferedBytes);
          if (message === null) return;
        }
        isTaken = true;
        charge?.(0);
        take(message);
      } catch (error) {
        isTaken = true;
        replyFailure(stream, this.#options.errorOf(error, call));
      }
    });
    stream.on('end', () => {
      if (!isTaken) replyFailure(stream, new GrpcError(Code.Internal, 'grpc: the call ended before its message'));
    });
  }

  /** Counts what a call holds of messages that are not whole, as it changes, until it closes. */
  #chargeFor(stream: ServerHttp2Stream): (bytes: number) => void {
    let charged = 0;
    const charge = (bytes: number): void => {
      this.#bufferedBytes += bytes - charged;
      charged = bytes;
      if (bytes > 0 && this.#bufferedBytes > this.#options.limits.maxBufferedBytes) throw this.#options.tooMany;
    };
    stream.once('close', () => charge(0));
    return charge;
  }

  #startReply(stream: ServerHttp2Stream, call: Call): StreamReply {
    const reply = new StreamReply(stream);
    this.#streamingCalls.add(reply);
    stream.once('close', () => this.#streamingCalls.delete(reply));
    call.signal.addEventListener('abort', () => reply.end(call.signal.reason as GrpcError), { once: true });
    if (this.#isClosing) reply.end(this.#options.stopped);
    return reply;
  }

  #endReply(reply: StreamReply, call: Call, running: Promise<void>): void {
    running.then(
      () => {
        reply.end(null);
        this.#observe(call, Code.Ok);
      },
      (error: unknown) => {
        const failure = this.#options.errorOf(error, call);
        reply.end(failure);
        this.#observe(call, failure.code);
      },
    );
  }

  #observe(call: Call, code: Code): void {
    this.#options.observe?.(call.path, code, (performance.now() - call.startedMs) / 1000);
  }
}

function unknownMethod(path: string): GrpcError {
  const [, service, name] = path.split('/');
  return new GrpcError(Code.Unimplemented, `unknown method ${name ?? ''} for service ${service ?? ''}`);
}

function isGrpc(contentType: string): boolean {
  const rest = contentType.startsWith('application/grpc') ? contentType['application/grpc'.length] : '-';
  return rest === undefined || rest === '+' || rest === ';';
}

function refuseHttp(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ':status': status }, { endStream: true });
  stream.resume();
}

function refuseEncoding(stream: ServerHttp2Stream, encoding: string): void {
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-accept-encoding': 'identity',
      'grpc-status': String(Code.Unimplemented),
      'grpc-message': `grpc: Decompressor is not installed for grpc-encoding ${encoding}`,
    },
    { endStream: true },
  );
  stream.resume();
}

function ignore(): void {}
