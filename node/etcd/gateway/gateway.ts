/**
 * etcd's JSON gateway: the same methods, for those who speak HTTP/1.1 and JSON. It stands beside the HTTP API, which gets
 * every request that is not for it:
 *
 *     if (!gateway.serve(request, response)) api.listener(request, response);
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { LARGE_ANSWER_BYTES } from '../../server/held-answers.ts';
import type { HeldAnswers } from '../../server/types.ts';
import type { EtcdContext } from '../context.ts';
import { errorOf, etcdError } from '../errors.ts';
import { Call } from '../grpc/call.ts';
import type { Method, Methods } from '../grpc/method.ts';
import { Code, GrpcError } from '../grpc/status.ts';
import { parseTimeout } from '../grpc/timeout.ts';
import { httpStatusOf } from './http-status.ts';
import { parseDocuments } from './json-documents.ts';
import { decodeToJson, encodeJson } from './json-messages.ts';
import { type GatewayRoute, gatewayRoutes } from './routes.ts';

export type GatewayOptions = {
  readonly etcd: EtcdContext;
  readonly methods: Methods;
  /** Refuses what a page of another origin sends through its visitor's browser. */
  readonly assertSameOrigin: (headers: IncomingHttpHeaders) => void;
  /** Told of each call of a method, once it is over. */
  readonly observe: (path: string, code: Code, seconds: number) => void;
  readonly log: (error: unknown, path: string) => void;
};

/** What lies before the message in a frame that a method gives. */
const FRAME_HEAD_BYTES = 5;
/** Base64, names and quotes. */
const JSON_OVERHEAD = 2;

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #open = new Set<ServerResponse>();
  #calls = 0;
  #bufferedBytes = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** False when the request is for someone else. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const path = /^[^?]*/.exec(request.url ?? '')![0];
    if (path === '/health') {
      this.#health(response);
      return true;
    }
    const name = /^\/v3(?:beta)?\/(.*)$/.exec(path)?.[1];
    if (name === undefined) return false;
    this.#answer(name, request, response).catch((error: unknown) => {
      this.#options.log(error, path);
      response.destroy();
    });
    return true;
  }

  /** Watches and other streams; a server that stops calls it. */
  endStreams(): void {
    for (const response of this.#open) response.end(line({ error: statusOf(etcdError('stopped')) }));
    this.#open.clear();
  }

  #health(response: ServerResponse): void {
    const { ready, checks } = this.#options.etcd.health();
    const reason = checks.filter(({ ok }) => !ok).map(({ message, name }) => message ?? name);
    send(response, ready ? 200 : 503, ready ? { health: 'true' } : { health: 'false', reason: reason.join('; ') });
  }

  async #answer(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { etcd, methods, assertSameOrigin, observe, log } = this.#options;
    const route = gatewayRoutes.get(name);
    const method = route === undefined ? undefined : methods[route.method];
    if (route === undefined || method === undefined) return fail(response, 404, Code.NotFound, 'Not Found');
    if (request.method !== 'POST') return fail(response, 405, Code.Unimplemented, 'Method Not Allowed');
    const timeoutMs = parseTimeout(request.headers['grpc-timeout'] as string | undefined);
    if (Number.isNaN(timeoutMs)) return fail(response, 400, Code.InvalidArgument, 'malformed grpc-timeout');
    const call = new Call(route.method, withToken(request.headers), response, timeoutMs, etcd.limits.requestTimeoutMs);
    this.#calls += 1;
    response.once('close', () => {
      this.#calls -= 1;
    });
    let code: Code = Code.Ok;
    try {
      assertSameOrigin(request.headers);
      if (this.#calls > etcd.limits.maxCalls) throw etcdError('tooManyRequests');
      const documents = await this.#read(request, response);
      const messages = documents.map((document) => encodeJson(route.request, document));
      await this.#run(method, route, messages, call, response);
    } catch (error) {
      if (response.destroyed) {
        code = Code.Canceled;
        return;
      }
      const refusal = errorOf(error, call, log);
      code = refusal.code;
      if (response.headersSent) response.end(line({ error: statusOf(refusal) }));
      else send(response, httpStatusOf(refusal.code), statusOf(refusal));
    } finally {
      this.#open.delete(response);
      observe(route.method, code, (performance.now() - call.startedMs) / 1000);
    }
  }

  async #run(
    method: Method,
    route: GatewayRoute,
    messages: readonly Buffer[],
    call: Call,
    response: ServerResponse,
  ): Promise<void> {
    const [first = Buffer.alloc(0)] = messages;
    const toJson = (frame: Buffer): object => decodeToJson(route.response, frame.subarray(FRAME_HEAD_BYTES));
    if (method.kind === 'Unary') {
      const frame = await method.run(first, call);
      return response.destroyed ? undefined : send(response, 200, toJson(frame), this.#options.etcd.member.answers);
    }
    this.#open.add(response);
    const sendOne = (frame: Buffer): Promise<void> | undefined => {
      if (call.isOver || response.writableEnded) return undefined;
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' });
      if (response.write(line({ result: toJson(frame) }))) return undefined;
      return new Promise((resolve) => {
        const done = (): void => {
          response.off('drain', done);
          response.off('close', done);
          resolve();
        };
        response.on('drain', done);
        response.on('close', done);
      });
    };
    if (method.kind === 'ServerStream') await method.run(first, call, sendOne);
    else if (method.kind === 'AnswerEach') {
      for (const message of messages) await sendOne(await method.run(message, call));
    } else await method.run(inOrder(messages), call, sendOne);
    if (!response.writableEnded) response.end();
  }

  /** Documents of a body of bounded size. */
  async #read(request: IncomingMessage, response: ServerResponse): Promise<unknown[]> {
    if (request.headers.expect !== undefined) response.writeContinue();
    const { maxRequestBytes, maxBufferedBytes } = this.#options.etcd.limits;
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        bytes += chunk.length;
        this.#bufferedBytes += chunk.length;
        if (bytes > maxRequestBytes * JSON_OVERHEAD) throw etcdError('requestTooLarge');
        if (this.#bufferedBytes > maxBufferedBytes) throw etcdError('tooManyRequests');
      }
    } finally {
      this.#bufferedBytes -= bytes;
    }
    try {
      return parseDocuments(Buffer.concat(chunks).toString());
    } catch (error) {
      throw new GrpcError(Code.InvalidArgument, (error as Error).message);
    }
  }
}

async function* inOrder(messages: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  yield* messages;
}

/** etcd's gateway takes the token of `Authorization`, with or without `Bearer`. */
function withToken(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { authorization } = headers;
  return authorization === undefined ? headers : { ...headers, token: authorization.replace(/^Bearer +/i, '') };
}

function fail(response: ServerResponse, status: number, code: Code, message: string): void {
  send(response, status, statusOf(new GrpcError(code, message)));
}

function statusOf({ code, message }: GrpcError): object {
  return { code, message, details: [] };
}

function send(response: ServerResponse, status: number, body: object, answers?: HeldAnswers): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
  const text = JSON.stringify(body);
  response.end(text);
  if (answers === undefined || text.length <= LARGE_ANSWER_BYTES || response.closed) return;
  // The connection: where requests were sent one behind another, a response that waits for its turn has no socket yet, and
  // what was written to it would stay.
  const held = answers.hold(text.length, () => response.req.socket.destroy(), { isWhole: true });
  response.once('close', () => held.end());
}

function line(body: object): string {
  return `${JSON.stringify(body)}\n`;
}
