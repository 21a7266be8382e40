/** An HTTP server that answers as a test tells it to, and remembers what it was asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiErrorCode } from '../types.ts';

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

export type Answering = (response: ServerResponse, asked: Asked) => void;

export class FakeMember implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  #answering: Answering;

  private constructor(server: Server, answering: Answering) {
    this.#server = server;
    this.#answering = answering;
  }

  static async start(answering: Answering): Promise<FakeMember> {
    const server = createServer();
    const member = new FakeMember(server, answering);
    server.on('request', (request, response) => void member.#serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return member;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  answer(answering: Answering): void {
    this.#answering = answering;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url!, 'http://member');
    const asked = {
      method: request.method!,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    this.asked.push(asked);
    this.#answering(response, asked);
  }
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answering {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function failure(status: number, code: ApiErrorCode, headers: Record<string, string> = {}): Answering {
  return json(status, { error: { code, message: `made to answer ${code}` } }, headers);
}

/** The connection ends after the request was read and before an answer: its outcome is unknown. */
export const hangUp: Answering = (response) => response.destroy();

/** Each answer in turn, the last one from then on. */
export function inTurn(...answers: Answering[]): Answering {
  let next = 0;
  return (response, asked) => answers[Math.min(next++, answers.length - 1)]!(response, asked);
}

/** A watch that says these events, written as given, and then stays open or ends. */
export function eventStream(
  events: readonly (readonly [name: string, data: object])[],
  then: 'open' | 'end',
): Answering {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const [name, data] of events) response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    if (then === 'end') response.end();
  };
}

/** An address at which nobody listens. */
export async function deadEndpoint(): Promise<string> {
  const member = await FakeMember.start(hangUp);
  const { url } = member;
  await member[Symbol.asyncDispose]();
  return url;
}
