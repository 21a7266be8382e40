/** One call: the right endpoint, the retries that are safe, a deadline for it all. */
import { errorFromAnswer, type QuorateError } from './errors.ts';
import { delayBeforeRetryMs, type Failure, failureOfAnswer, failureOfException } from './retry.ts';
import { waitMs } from './wait.ts';

export type CallOptions = {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** For the whole call with its retries; default the client's. */
  readonly timeoutMs?: number | undefined;
};

export type Request = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object travels as JSON. */
  readonly body?: string | Uint8Array<ArrayBuffer> | object;
  /** False: not sent again where it may have been carried out. */
  readonly isRepeatable: boolean;
  /** True: the member may wait for a leader and a quorum, so it is told for how long. */
  readonly mayWait?: boolean;
};

export type CallerOptions = {
  readonly endpoints: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly fetch: typeof globalThis.fetch;
  readonly onRetry: (error: QuorateError) => void;
};

/** `isLeaving`: the member that answered is about to stop. */
type Attempt<T> = ({ readonly value: T } | Failure) & { readonly isLeaving: boolean };

/** The member is given less time than we wait, so that its answer, which says more, comes first. */
const MEMBERS_SHARE = 0.9;

export class Caller {
  readonly endpoints: readonly string[];
  readonly #options: CallerOptions;
  /** The position of the endpoint where new calls start: it answered last, or comes after one that is about to stop. */
  #preferred = 0;

  constructor(options: CallerOptions) {
    this.endpoints = options.endpoints;
    this.#options = options;
  }

  json<T>(request: Request, options: CallOptions): Promise<T> {
    return this.call(request, options, (response) => response.json() as Promise<T>);
  }

  /** `read` runs inside the attempt: an answer that breaks off is tried again like one that never came. */
  async call<T>(request: Request, options: CallOptions, read: (response: Response) => Promise<T>): Promise<T> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    const deadlineMs = performance.now() + timeoutMs;
    // One frozen member must not use up a short call: each gets its turn, where the request may be sent to another.
    const shareMs = request.isRepeatable ? timeoutMs / this.endpoints.length : timeoutMs;
    const longestMs = Math.min(this.#options.attemptTimeoutMs, shareMs);
    const reasons = new Map<string, string>();
    for (let attempts = 1, at = this.#preferred; ; attempts++, at = (at + 1) % this.endpoints.length) {
      options.signal?.throwIfAborted();
      const endpoint = this.endpoints[at]!;
      // At least 1 ms: after a pause that took longer than planned, no time may be left for the last attempt.
      const budgetMs = Math.max(1, Math.min(longestMs, deadlineMs - performance.now()));
      const result = await this.#attempt(endpoint, request, options.signal, budgetMs, read);
      if (result.isLeaving) this.#preferred = (at + 1) % this.endpoints.length;
      else if ('value' in result) this.#preferred = at;
      if ('value' in result) return result.value;
      // An attempt that the deadline cut short knows less than the one before it.
      if (budgetMs >= longestMs || !reasons.has(endpoint)) reasons.set(endpoint, result.error.message);
      const mayRetry = result.certainty === 'Refused' || (result.certainty === 'Unknown' && request.isRepeatable);
      if (!mayRetry) throw result.error;
      const delayMs = delayBeforeRetryMs(result, attempts, this.endpoints.length, Math.random());
      if (performance.now() + delayMs >= deadlineMs) {
        if (result.error.code === 'unreachable')
          result.error.message = `no member answered: ${[...reasons.values()].join('; ')}`;
        throw result.error;
      }
      this.#options.onRetry(result.error);
      if (delayMs > 0) await waitMs(delayMs, options.signal);
    }
  }

  async #attempt<T>(
    endpoint: string,
    request: Request,
    signal: AbortSignal | undefined,
    budgetMs: number,
    read: (response: Response) => Promise<T>,
  ): Promise<Attempt<T>> {
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const tooLate = new Error(`no answer within ${Math.round(budgetMs)} ms`);
    const timer = setTimeout(() => controller.abort(tooLate), budgetMs);
    try {
      const response = await this.#options.fetch(this.#url(endpoint, request, budgetMs), {
        method: request.method,
        headers: this.#headers(request),
        body: bodyOf(request),
        signal: controller.signal,
      });
      // A member that is about to stop says so while it still answers: whoever goes now is never refused.
      const isLeaving = response.headers.get('connection') === 'close';
      if (response.ok) return { value: await read(response), isLeaving };
      const body: unknown = await response.json().catch(() => null);
      const error = errorFromAnswer(response.status, body, endpoint);
      return { ...failureOfAnswer(error, response.headers.get('retry-after')), isLeaving };
    } catch (exception) {
      signal?.throwIfAborted();
      return { ...failureOfException(controller.signal.aborted ? tooLate : exception, endpoint), isLeaving: false };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  #url(endpoint: string, request: Request, budgetMs: number): string {
    const query = new URLSearchParams(request.query);
    if (request.mayWait === true)
      query.set('timeout', String(Math.max(1, Math.round(budgetMs * MEMBERS_SHARE)) / 1000));
    const parameters = query.toString();
    return `${endpoint}${request.path}${parameters === '' ? '' : `?${parameters}`}`;
  }

  #headers(request: Request): Record<string, string> {
    const type =
      request.body === undefined
        ? {}
        : { 'content-type': isRaw(request.body) ? 'application/octet-stream' : 'application/json' };
    return { ...this.#options.headers, ...type, ...request.headers };
  }
}

function isRaw(body: NonNullable<Request['body']>): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array;
}

function bodyOf(request: Request): string | Uint8Array<ArrayBuffer> | null {
  if (request.body === undefined) return null;
  return isRaw(request.body) ? request.body : JSON.stringify(request.body);
}
