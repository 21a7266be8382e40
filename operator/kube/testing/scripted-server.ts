/**
 * An API server on localhost that answers nothing by itself: the test takes each request and decides whether to answer
 * it late, incompletely, wrongly or never.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ApiServer } from '../api-server.ts';
import { until } from './until.ts';

export class ScriptedServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #arrived: Exchange[] = [];
  /** All requests so far, for example `GET /api/v1/pods`. */
  readonly log: string[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#take(request, response);
    });
  }

  static async start(port = 0): Promise<ScriptedServer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new ScriptedServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get apiServer(): ApiServer {
    return {
      url: `http://127.0.0.1:${this.port}`,
      namespace: 'default',
      tls: () => Promise.resolve({}),
      credentials: () => Promise.resolve({}),
    };
  }

  /** The oldest request that the test has not taken yet; waits until there is one. */
  async next(): Promise<Exchange> {
    await until(() => this.#arrived.length > 0, 'a request arrived');
    return this.#arrived.shift()!;
  }

  /** Takes the next request, which must have this method and path, for example `GET /api/v1/pods`. */
  async expect(what: string): Promise<Exchange> {
    const exchange = await this.next();
    assert.equal(`${exchange.method} ${exchange.path}`, what);
    return exchange;
  }

  get waiting(): number {
    return this.#arrived.length;
  }

  /** Resets every connection and closes the port, like a process that is killed. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {});
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
    const exchange = new Exchange(request, response, body);
    this.log.push(`${exchange.method} ${exchange.path}`);
    this.#arrived.push(exchange);
  }
}

export class Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly #response: ServerResponse;
  closed = false;

  constructor(request: IncomingMessage, response: ServerResponse, body: string) {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    this.method = request.method ?? '';
    this.path = pathname;
    this.query = searchParams;
    this.headers = request.headers;
    this.body = body;
    this.#response = response;
    response.on('close', () => {
      this.closed = true;
    });
  }

  get json(): Record<string, unknown> {
    return JSON.parse(this.body) as Record<string, unknown>;
  }

  answer(status: number, content: unknown, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, { 'content-type': 'application/json', ...headers });
    this.#response.end(typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** Sends one piece of a response that stays open. */
  write(piece: string | Buffer): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, { 'content-type': 'application/json' });
    this.#response.write(piece);
  }

  event(type: string, object: unknown): void {
    this.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** Sends the headers and nothing more. */
  begin(): void {
    this.#response.writeHead(200, { 'content-type': 'application/json' });
    this.#response.flushHeaders();
  }

  end(): void {
    this.#response.end();
  }

  /** Closes the connection in the middle of the response. */
  cut(): void {
    this.#response.destroy();
  }
}

/** The `Status` object of a refusal, as the API server sends it. */
export function status(code: number, reason: string, message: string, details: unknown = {}): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details };
}
