/** HTTP to one API server. Any failure to get an answer is a KubeError; what the answer says is not judged here. */
import type { Readable } from 'node:stream';
import { buildConnector, Pool } from 'undici';
import type { ApiServer } from './api-server.ts';
import { KubeError } from './errors.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: { readonly type: string; readonly content: string };
  /** A KubeError as its reason is what the call then throws. */
  readonly signal: AbortSignal;
  /** What is asked for, in words, for errors. */
  readonly description: string;
  /** A watch: it takes no place among the connections for other requests. */
  readonly lasting?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Fails with KubeError. */
  readonly body: AsyncIterable<Buffer>;
}

/** Connections at once for what is no watch; more requests wait. */
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
    // No time limits of undici's: those of the requests hold, on the given clock.
    const options = { connect, headersTimeout: 0, bodyTimeout: 0, pipelining: 1 };
    this.#requests = new Pool(origin, { ...options, connections: requestConnections });
    this.#watches = new Pool(origin, { ...options, connections: null });
  }

  /** Fails when the signal aborts, whatever it was waiting for: undici alone would first wait for its connection. */
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
      // A rotated token: refused before anything was done, so once more with the new one.
      await answer.discard();
      answer = await this.#sendOnce(request, true);
    }
    return answer;
  }

  /** Ends what is under way. */
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

/** An AggregateError (all addresses of a name refused) has an empty message. */
function messageOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || (code ?? String(error));
}
