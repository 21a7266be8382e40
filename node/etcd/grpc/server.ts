/**
 * gRPC over HTTP/2, on connections that someone else has accepted. The frames are ../http2's; everything of gRPC that our
 * methods need is in this folder: no retries, and what is compressed is read, never sent.
 *
 *     const server = new GrpcServer({ methods, … });
 *     server.accept(socket);
 */
import type { Socket } from 'node:net';
import type { HeldAnswers } from '../../server/types.ts';
import { Connection } from '../http2/connection.ts';
import type { Receiver, Stream } from '../http2/stream.ts';
import { Turn } from '../http2/turn.ts';
import { BufferBudget } from './buffer-budget.ts';
import { Call } from './call.ts';
import { EachMessage, type EachMessageHandler } from './each-message.ts';
import { HttpRefusal } from './http-refusal.ts';
import { ManyMessages } from './many-messages.ts';
import type { Method, Methods } from './method.ts';
import { OneMessage, type OneMessageHandler } from './one-message.ts';
import { replyFailure, replyOnce, StreamReply } from './reply.ts';
import { Code, GrpcError } from './status.ts';
import { parseTimeout } from './timeout.ts';

export type GrpcLimits = {
  readonly maxMessageBytes: number;
  /** Calls of every kind. */
  readonly maxCalls: number;
  /** The most that messages which have not arrived whole may take, on all connections. */
  readonly maxBufferedBytes: number;
  /** Ends a unary call whose caller would wait longer. */
  readonly maxTimeoutMs: number;
  /** A connection whose ping is not answered by the next one is dead. */
  readonly pingIntervalMs: number;
};

export type GrpcServerOptions = {
  readonly methods: Methods;
  readonly limits: GrpcLimits;
  /** Those that wait for their clients. */
  readonly answers: HeldAnswers;
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

/** How messages that come may be compressed; an empty header means not at all. */
const ENCODINGS: ReadonlySet<string> = new Set(['', 'identity', 'gzip']);

type Unary = Method & { readonly kind: 'Unary' };
type ServerStream = Method & { readonly kind: 'ServerStream' };
type Bidi = Method & { readonly kind: 'Bidi' };

export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #connections = new Set<Connection>();
  readonly #turn = new Turn();
  readonly #streamingCalls = new Set<StreamReply>();
  readonly #budget: BufferBudget;
  readonly #unary: OneMessageHandler<Unary>;
  readonly #each: EachMessageHandler;
  readonly #pings: NodeJS.Timeout;
  #calls = 0;
  #isClosing = false;

  constructor(options: GrpcServerOptions) {
    const { limits, tooMany } = options;
    this.#options = options;
    this.#methods = new Map(Object.entries(options.methods));
    this.#budget = new BufferBudget(limits.maxBufferedBytes, tooMany);
    this.#unary = this.#handlerOf((stream, call, method, message) => this.#runUnary(stream, call, method, message));
    this.#each = {
      maxMessageBytes: limits.maxMessageBytes,
      budget: this.#budget,
      ended: (call, reply, error) => this.#endReply(reply, call, error),
      closed: this.#callClosed,
    };
    this.#pings = setInterval(() => this.#ping(), limits.pingIntervalMs).unref();
  }

  /** Takes over a connection whose first bytes, read back into it, are those of HTTP/2. */
  accept(socket: Socket): void {
    const connection = new Connection(socket, {
      onStream: this.#serve,
      onClose: () => this.#connections.delete(connection),
      turn: this.#turn,
      answers: this.#options.answers,
    });
    this.#connections.add(connection);
    if (this.#isClosing) connection.close();
  }

  /** Takes no new call, ends streaming ones, lets the others finish; connections then close by themselves. */
  close(): void {
    this.#isClosing = true;
    clearInterval(this.#pings);
    for (const reply of this.#streamingCalls) reply.end(this.#options.stopped);
    for (const connection of this.#connections) connection.close();
  }

  /** Breaks off what is left. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #ping(): void {
    for (const connection of this.#connections) connection.ping();
  }

  readonly #callClosed = (): void => {
    this.#calls -= 1;
  };

  readonly #serve = (stream: Stream): Receiver | null => {
    const { head } = stream;
    const { headers, path } = head;
    const contentType = headers['content-type'];
    if (contentType === undefined || !isGrpc(contentType)) return new HttpRefusal(stream, 415);
    if (head.method !== 'POST') return new HttpRefusal(stream, 405);
    const timeoutMs = parseTimeout(headers['grpc-timeout']);
    if (Number.isNaN(timeoutMs)) {
      return refuse(stream, new GrpcError(Code.Internal, 'malformed grpc-timeout'));
    }
    const { limits, before, errorOf, tooMany } = this.#options;
    const encoding = headers['grpc-encoding'];
    if (!ENCODINGS.has(encoding ?? '')) return refuseEncoding(stream, encoding!);
    const method = this.#methods.get(path);
    if (method === undefined) return refuse(stream, this.#unknownMethod(path));
    if (this.#calls >= limits.maxCalls) return refuse(stream, tooMany);
    const call = new Call(path, headers, stream, timeoutMs, limits.maxTimeoutMs);
    try {
      before(call, method.kind);
    } catch (error) {
      return refuse(stream, errorOf(error, call));
    }
    this.#calls += 1;
    if (method.kind === 'Unary') return new OneMessage(stream, call, method, this.#unary);
    if (method.kind === 'AnswerEach') {
      return new EachMessage(stream, call, method, this.#startReply(stream, call), this.#each);
    }
    if (method.kind === 'ServerStream') return this.#serveServerStream(stream, call, method);
    return this.#serveBidi(stream, call, method);
  };

  #unknownMethod(path: string): GrpcError {
    const at = path.lastIndexOf('/');
    const [service, name] = [path.slice(1, at), path.slice(at + 1)];
    if (at <= 0) return new GrpcError(Code.Unimplemented, `malformed method name: ${JSON.stringify(path)}`);
    for (const known of this.#methods.keys()) {
      if (known.startsWith(`/${service}/`)) {
        return new GrpcError(Code.Unimplemented, `unknown method ${name} for service ${service}`);
      }
    }
    return new GrpcError(Code.Unimplemented, `unknown service ${service}`);
  }

  #runUnary(stream: Stream, call: Call, method: Unary, message: Buffer): void {
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
  }

  #serveServerStream(stream: Stream, call: Call, method: ServerStream): Receiver {
    const handler = this.#handlerOf<ServerStream>((_stream, _call, { run }, message) => {
      const reply = this.#startReply(stream, call);
      this.#endReplyAfter(run(message, call, reply.send), reply, call);
    });
    return new OneMessage(stream, call, method, handler);
  }

  #serveBidi(stream: Stream, call: Call, method: Bidi): Receiver {
    const { maxMessageBytes } = this.#options.limits;
    const messages = new ManyMessages(stream, maxMessageBytes, call.encoding, this.#budget, this.#callClosed);
    call.onAbort(() => messages.inbox.discard());
    const reply = this.#startReply(stream, call);
    this.#endReplyAfter(method.run(messages.inbox, call, reply.send), reply, call);
    return messages;
  }

  #handlerOf<M>(take: OneMessageHandler<M>['take']): OneMessageHandler<M> {
    return {
      maxMessageBytes: this.#options.limits.maxMessageBytes,
      budget: this.#budget,
      take,
      fail: (stream, call, error) => replyFailure(stream, this.#options.errorOf(error, call)),
      closed: this.#callClosed,
    };
  }

  #startReply(stream: Stream, call: Call): StreamReply {
    const reply = new StreamReply(stream);
    this.#streamingCalls.add(reply);
    stream.once('close', () => this.#streamingCalls.delete(reply));
    call.onAbort((reason) => reply.end(reason));
    if (this.#isClosing) reply.end(this.#options.stopped);
    return reply;
  }

  #endReplyAfter(running: Promise<void>, reply: StreamReply, call: Call): void {
    running.then(
      () => this.#endReply(reply, call, null),
      (error: unknown) => this.#endReply(reply, call, error),
    );
  }

  /** @param error null for success */
  #endReply(reply: StreamReply, call: Call, error: unknown): void {
    const failure = error === null ? null : this.#options.errorOf(error, call);
    reply.end(failure);
    this.#observe(call, failure === null ? Code.Ok : failure.code);
  }

  #observe(call: Call, code: Code): void {
    this.#options.observe?.(call.path, code, (performance.now() - call.startedMs) / 1000);
  }
}

function isGrpc(contentType: string): boolean {
  const rest = contentType.startsWith('application/grpc') ? contentType['application/grpc'.length] : '-';
  return rest === undefined || rest === '+' || rest === ';';
}

// Nothing of what a refused caller still sends is wanted.

function refuse(stream: Stream, error: GrpcError): null {
  replyFailure(stream, error);
  return null;
}

function refuseEncoding(stream: Stream, encoding: string): null {
  const message = `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`;
  replyFailure(stream, new GrpcError(Code.Unimplemented, message), [['grpc-accept-encoding', 'identity,gzip']]);
  return null;
}
