/** Questions from one member's driver to another's, with their answers and their failures. */

import type { ApiErrorCode } from '../../client/types.ts';
import type { Call, CallReply } from '../transport/types.ts';
import { RequestError } from './types.ts';

/** What the receiver of a call answers: a JSON value, or throws `RequestError`. */
export type CallHandler = (body: unknown, from: number) => Promise<unknown>;

type Reply = { readonly ok: unknown } | { readonly error: { readonly code: ApiErrorCode; readonly message: string } };

type Waiting = {
  readonly to: number;
  readonly deadlineMs: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: RequestError) => void;
};

export class Calls {
  readonly #send: (to: number, frame: Call | CallReply) => void;
  readonly #handlers: ReadonlyMap<string, CallHandler>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(send: (to: number, frame: Call | CallReply) => void, handlers: Readonly<Record<string, CallHandler>>) {
    this.#send = send;
    this.#handlers = new Map(Object.entries(handlers));
  }

  ask(to: number, method: string, body: unknown, deadlineMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { to, deadlineMs, resolve, reject });
      this.#send(to, { kind: 'Call', id, method, body });
    });
  }

  received(from: number, call: Call): void {
    this.#answer(from, call).then(
      (ok) => this.#reply(from, call.id, { ok: ok ?? null }),
      (error: unknown) => this.#reply(from, call.id, { error: describe(error) }),
    );
  }

  /** Rejects with whatever goes wrong: a question that cannot be read must not end this member. */
  async #answer(from: number, { method, body }: Call): Promise<unknown> {
    const handler = this.#handlers.get(method);
    if (handler !== undefined) return handler(body, from);
    throw new RequestError('invalid_request', `unknown call '${method}': is that member of an older version?`);
  }

  answered(from: number, reply: CallReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined || waiting.to !== from) return;
    this.#waiting.delete(reply.id);
    const body = reply.body as Reply;
    if ('error' in body) waiting.reject(new RequestError(body.error.code, body.error.message));
    else waiting.resolve(body.ok);
  }

  /** The stream to this member is gone: whether it acted is not known. */
  disconnected(from: number): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.to !== from) continue;
      this.#waiting.delete(id);
      waiting.reject(new RequestError('outcome_unknown', `the connection to member ${from} broke before it answered`));
    }
  }

  expire(nowMs: number): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.deadlineMs > nowMs) continue;
      this.#waiting.delete(id);
      waiting.reject(new RequestError('timeout', `member ${waiting.to} did not answer in time`));
    }
  }

  rejectAll(error: () => RequestError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error());
    this.#waiting.clear();
  }

  #reply(to: number, id: number, body: Reply): void {
    this.#send(to, { kind: 'CallReply', id, body });
  }
}

function describe(error: unknown): { code: ApiErrorCode; message: string } {
  if (error instanceof RequestError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
