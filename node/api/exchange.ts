/**
 * One request and its answer: the one path on which every answer leaves, whatever the route. What it was admitted
 * with is given back there, and there it is measured.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiErrorCode } from '../../client/types.ts';
import { AuthorizedMember } from '../server/authorized-member.ts';
import { LARGE_ANSWER_BYTES } from '../server/held-answers.ts';
import { type Member, RequestError } from '../server/types.ts';
import { bearerToken } from './admin-auth.ts';
import { awaitsContinue, ClientGone, drainableBytes } from './body.ts';
import type { ApiContext } from './context.ts';
import { errorBody, errorTable, isPassing } from './errors.ts';
import { assertSameOrigin } from './origin.ts';
import { parseQuery, type Query } from './query.ts';

/** Up to this size it costs less to make head and body one text than to have Node gather two pieces. */
const oneWriteBytes = 8 * 1024;

export class Exchange {
  readonly api: ApiContext;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path as a template, which is the label of its metrics. */
  readonly route: string;
  readonly path: string;
  readonly #queryText: string | null;
  readonly #startedMs: number = performance.now();
  #member: Member | null = null;
  #isAdmitted = false;
  #heldBytes = 0;

  constructor(api: ApiContext, request: IncomingMessage, response: ServerResponse, route: string) {
    this.api = api;
    this.request = request;
    this.response = response;
    this.route = route;
    const url = request.url!;
    const mark = url.indexOf('?');
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.#queryText = mark < 0 ? null : url.slice(mark + 1);
  }

  /** The member, with the rights of whoever has sent this request. */
  get member(): Member {
    this.#member ??= new AuthorizedMember(this.api.member, {
      token: () => bearerToken(this.request.headers.authorization) ?? undefined,
      certificateName: () => null,
      nowMs: Date.now,
      tokens: this.api.tokens,
    });
    return this.#member;
  }

  /** It was sent by an administrator of the cluster, whom its users do not bind. */
  isOfAdministrator(): void {
    this.#member = this.api.member;
  }

  /** For what asks nothing of the member. @throws RequestError where the cluster has users, and this is not root */
  assertRoot(): void {
    if (this.member instanceof AuthorizedMember) this.member.assertRoot();
  }

  query(known: ReadonlySet<string>): Query {
    return parseQuery(this.#queryText, known);
  }

  get isRead(): boolean {
    return this.request.method === 'GET' || this.request.method === 'HEAD';
  }

  /** Throws `overloaded` or `permission_denied`, before anything of the body is read. */
  admit(): void {
    if (!this.isRead) assertSameOrigin(this.request.headers);
    this.api.admission.enterRequest();
    this.#isAdmitted = true;
  }

  holdBytes(bytes: number): void {
    this.api.admission.reserveBytes(bytes);
    this.#heldBytes += bytes;
  }

  json(status: number, body: unknown): void {
    this.send(status, ['Content-Type', 'application/json'], JSON.stringify(body));
  }

  /** `headers` alternates names and values; it is added to. */
  send(status: number, headers: string[], body: string | Buffer): void {
    const { response } = this;
    const sizeBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    if (!response.destroyed) {
      headers.push('X-Content-Type-Options', 'nosniff', 'Content-Length', String(sizeBytes));
      this.writeHead(status, headers);
      endWith(response, body, sizeBytes);
    }
    if (sizeBytes > LARGE_ANSWER_BYTES && this.#isAdmitted && !response.closed) {
      const held = this.api.member.answers.hold(sizeBytes, () => this.request.socket.destroy(), { isWhole: true });
      response.once('close', () => {
        held.end();
        this.#leave();
      });
    } else {
      this.#leave();
    }
    this.#observe(status);
  }

  /** An answer without a body. */
  sendEmpty(status: 204 | 304, headers: string[]): void {
    if (!this.response.destroyed) {
      this.writeHead(status, headers);
      this.response.end();
    }
    this.#leave();
    this.#observe(status);
  }

  /** For answers that stream: the request is over as far as its admission and its metrics go. */
  beginStream(status: number, headers: string[]): void {
    this.writeHead(status, headers);
    this.response.flushHeaders();
    this.#leave();
    this.#observe(status);
  }

  refuse(code: ApiErrorCode, message: string, detail: RequestError['detail'] = {}, headers: string[] = []): void {
    if (this.response.headersSent) {
      // Too late for a status: a connection that breaks off is the only way to say that the answer is not whole.
      this.response.destroy();
      return;
    }
    headers.push('Content-Type', 'application/json');
    if (isPassing(code)) headers.push('Retry-After', '1');
    if (code === 'unauthenticated') headers.push('WWW-Authenticate', 'Bearer realm="quorate administration"');
    this.send(errorTable[code].status, headers, JSON.stringify(errorBody(code, message, detail)));
  }

  fail(error: unknown): void {
    if (error instanceof RequestError) {
      this.refuse(error.code, error.message, error.detail);
    } else if (error instanceof ClientGone) {
      this.response.destroy();
      this.#leave();
    } else {
      const errorId = randomUUID();
      const fields = { error_id: errorId, method: this.request.method, route: this.route, err: error };
      this.api.logger.error(fields, 'api_request_failed');
      this.refuse('internal', `internal error: this member's log has the details under ${errorId}`);
    }
  }

  protected writeHead(status: number, headers: string[]): void {
    const { streams, drain } = this.api;
    if (streams.isClosing || drain.isOn || this.#cannotDrain()) headers.push('Connection', 'close');
    this.response.writeHead(status, headers);
  }

  /** Whether what is left of the request's body is not worth reading just to keep the connection. */
  #cannotDrain(): boolean {
    const { request } = this;
    if (request.complete || this.isRead) return false;
    return awaitsContinue(request) || Number(request.headers['content-length'] ?? 0) > drainableBytes;
  }

  #leave(): void {
    if (!this.#isAdmitted) return;
    this.#isAdmitted = false;
    this.api.admission.leaveRequest(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #observe(status: number): void {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    this.api.metrics.observeRequest(this.request.method!, this.route, status, seconds);
  }
}

/** Node sends the head together with a text, in one write; with bytes it takes two. Latin-1 is what it writes cheapest. */
function endWith(response: ServerResponse, body: string | Buffer, sizeBytes: number): void {
  if (typeof body === 'string') response.end(body, sizeBytes === body.length ? 'latin1' : 'utf8');
  else if (sizeBytes <= oneWriteBytes) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}
