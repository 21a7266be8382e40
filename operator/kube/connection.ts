/** HTTP connections to one API server. A request without a response throws KubeError; a status such as 404 does not. */
import type { Readable } from 'node:stream';
import { buildConnector, Pool } from 'undici';
import type { ApiServer } from './api-server.ts';
import { KubeError } from './errors.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly body?: { readonly type: string; readonly content: string };
  /** If the reason of the abort is a KubeError, the call throws that error; otherwise it throws `Aborted`. */
  readonly signal: AbortSignal;
  /** Describes the request in error messages, for example `get Pod default/db-0`. */
  readonly description: string;
  /** True for a watch, which would otherwise occupy one of the few connections for requests. */
  readonly lasting?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Throws KubeError while it is read, for example when the connection is lost. */
  readonly body: AsyncIterable<Buffer>;
}

/** How many requests other than watches are under way at once; further ones wait. */
const requestConnections = 8;
const connectTimeoutMs = 5000;

export class Connection {
  readonly #server: ApiServer;
  readonly #userAgent: string;
  readonly #prefix: string;
  readonly #requests: Pool;
  readonly #watches: Pool;

  constructor(server: ApiServer, userAgent: string) {
    this.#server = server;
    this.#userAgent = userAgent;
    const { origin, pathname } = new URL(server.url);
    this.#prefix = pathname.replace(/\/$/, '');
    const connect: buildConnector.connector = (options, callback) => {
      server.tls().then(
        (tls) => buildConnector({ ...tls, timeout: connectTimeoutMs })(options, callback),
        (error: Error) => callback(error, null),
      );
    };
    // undici's own timeouts are off: requests have deadlines on the given clock, which tests can move.
    const options = { connect, headersTimeout: 0, bodyTimeout: 0, pipelining: 1 };
    this.#requests = new Pool(origin, { ...options, connections: requestConnections });
    this.#watches = new Pool(origin, { ...options, connections: null });
  }

  /** Throws KubeError as soon as the signal aborts: undici alone would first wait until the connection is made. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { signal } = request;
    let giveUp: () => void = () => {};
    const aborted = new Promise<never>((_, reject) => {
      giveUp = () => reject(failureOf(request, signal.reason));
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp);
    });
    try {
      return await Promise.race([aborted, this.#send(request)]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #send(request: HttpRequest): Promise<HttpAnswer> {
    let answer = await this.#sendOnce(request, false);
    if (answer.status === 401) {
      // The token was probably rotated. The API server has done nothing yet, so it is safe to retry with a new token.
      await answer.discard();
      answer = await this.#sendOnce(request, true);
    }
    return answer;
  }

  /** Closes all connections; requests and watches under way fail. */
  async close(): Promise<void> {
    await Promise.all([this.#requests.destroy(), this.#watches.destroy()]);
  }

  async #sendOnce(request: HttpRequest, refresh: boolean): Promise<HttpAnswer & { discard(): Promise<void> }> {
    const { method, path, body, signal, lasting } = request;
    try {
      const {
        statusCode,
        headers,
        body: received,
      } = await (lasting ? this.#watches : this.#requests).request({
        method,
        path: this.#prefix + path,
        headers: {
          accept: 'application/json',
          'user-agent': this.#userAgent,
          ...(body === undefined ? {} : { 'content-type': body.type }),
          ...(await this.#server.credentials(refresh)),
        },
        body: body?.content ?? null,
        signal,
      });
      const retryAfter = headers['retry-after'];
      return {
        status: statusCode,
        retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
        body: readBody(received, request),
        discard: async () => {
          await received.dump();
        },
      };
    } catch (error) {
      throw failureOf(request, error);
    }
  }
}

async function* readBody(received: Readable, request: HttpRequest): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of received) yield chunk as Buffer;
  } catch (error) {
    throw failureOf(request, error);
  }
}

function failureOf({ signal, description }: HttpRequest, error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  if (signal.aborted && signal.reason instanceof KubeError) return signal.reason;
  if (signal.aborted) return new KubeError('Aborted', `${description}: given up`);
  return new KubeError('Unreachable', `${description}: no answer from the API server: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Falls back to the code: an AggregateError (every address of a host name refused) has an empty message. */
function messageOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || (code ?? String(error));
}
