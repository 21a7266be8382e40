/**
 * Sends requests with rate limit, retry and deadline. A request waits for the client's own rate limit and is retried
 * when the API server throttles it (429), but it is never sent after `notAfterMs`, when its sender may no longer act.
 */
import { pause } from './clock.ts';
import type { Connection, HttpAnswer, HttpRequest } from './connection.ts';
import { startDeadline } from './deadline.ts';
import { KubeError } from './errors.ts';
import { errorFromRefusal } from './status.ts';
import type { Throttle } from './throttle.ts';
import type { Clock, RequestOptions } from './types.ts';

export interface RequestObserver {
  /** @param code the HTTP status, or the code of the KubeError if there was no response */
  requestEnded(verb: string, kind: string, code: string, durationMs: number): void;
  /** @param delayMs how long the client's own rate limit, or a 429 of the API server, delays a request */
  throttled(delayMs: number): void;
}

export interface Ask extends Omit<HttpRequest, 'signal' | 'description'> {
  readonly verb: string;
  readonly kind: string;
  /** For example `default/db`; absent for a request about a collection. */
  readonly object?: string;
}

export interface Surroundings {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly throttle: Throttle;
  readonly deadlineMs: number;
  readonly observer: RequestObserver;
}

/**
 * Whether a 429 is the final answer, such as an eviction that a PodDisruptionBudget refuses. Other 429s are retried.
 */
export type IsAnswer = (refusal: KubeError) => boolean;

const never: IsAnswer = () => false;

export class Requests {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Resolves with the JSON of a successful response. Throws KubeError in every other case. */
  async json(ask: Ask, options: RequestOptions, isAnswer: IsAnswer = never): Promise<unknown> {
    const { clock, deadlineMs } = this.#surroundings;
    const description = describe(ask);
    const notAfterMs = options.notAfterMs ?? Number.POSITIVE_INFINITY;
    refuseLate(clock, notAfterMs, description);
    // Ends at notAfterMs: a request that still waits for a connection must not be sent later. A request already sent
    // fails as a Timeout then, although its write may be carried out.
    const durationMs = Math.min(options.deadlineMs ?? deadlineMs, notAfterMs - clock.nowMs());
    const deadline = startDeadline(clock, durationMs, options.signal, description);
    const request = { ...ask, description, signal: deadline.signal };
    try {
      for (;;) {
        await this.#admit(request, deadline.endMs);
        // Checks the clock as well: after a process was suspended, the deadline's timer may not have fired yet.
        refuseLate(clock, notAfterMs, description);
        const answer = await this.#send(ask, request);
        const body = await readAll(answer);
        if (answer.status < 300) return parse(body, description);
        const refusal = errorFromRefusal({ ...answer, httpStatus: answer.status, body, request: description });
        if (refusal.code !== 'TooManyRequests' || isAnswer(refusal)) throw refusal;
        const delayMs = refusal.retryAfterMs ?? defaultRetryAfterMs;
        this.#surroundings.throttle.hold(clock.nowMs() + delayMs);
        if (clock.nowMs() + delayMs >= deadline.endMs) throw refusal;
      }
    } finally {
      deadline.close();
    }
  }

  /**
   * Resolves with the body of a watch, which lasts until the signal aborts. Throws KubeError if the watch is refused.
   */
  async stream(ask: Ask, signal: AbortSignal): Promise<HttpAnswer['body']> {
    const description = describe(ask);
    const request = { ...ask, description, signal };
    await this.#admit(request, Number.POSITIVE_INFINITY);
    const answer = await this.#send(ask, request);
    if (answer.status < 300) return answer.body;
    const body = await readAll(answer);
    throw errorFromRefusal({ ...answer, httpStatus: answer.status, body, request: description });
  }

  async #admit({ signal, description }: HttpRequest, endMs: number): Promise<void> {
    const { clock, throttle, observer } = this.#surroundings;
    const delayMs = throttle.reserve(clock.nowMs());
    if (delayMs > 0) {
      if (clock.nowMs() + delayMs >= endMs) {
        throw new KubeError('TooManyRequests', `${description}: held back to spare the API server, not sent`, {
          retryAfterMs: delayMs,
        });
      }
      observer.throttled(delayMs);
      await pause(clock, delayMs, signal);
    }
    if (signal.aborted) throw signal.reason instanceof KubeError ? signal.reason : given(description);
  }

  async #send({ verb, kind }: Ask, request: HttpRequest): Promise<HttpAnswer> {
    const { connection, clock, observer } = this.#surroundings;
    const beganMs = clock.nowMs();
    try {
      const answer = await connection.send(request);
      observer.requestEnded(verb, kind, String(answer.status), clock.nowMs() - beganMs);
      return answer;
    } catch (error) {
      const code = error instanceof KubeError ? error.code : 'Unreachable';
      observer.requestEnded(verb, kind, code, clock.nowMs() - beganMs);
      throw error;
    }
  }
}

/** How long to wait after a 429 without a `Retry-After` header, as in client-go. */
const defaultRetryAfterMs = 1000;

function describe({ verb, kind, object }: Ask): string {
  return object === undefined ? `${verb} ${kind}` : `${verb} ${kind} ${object}`;
}

function refuseLate(clock: Clock, notAfterMs: number, description: string): void {
  if (clock.nowMs() < notAfterMs) return;
  throw new KubeError('TooLate', `${description}: not sent, because leadership is not certain any more`);
}

function given(description: string): KubeError {
  return new KubeError('Aborted', `${description}: given up`);
}

async function readAll({ body }: HttpAnswer): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(body: string, description: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new KubeError('ServerError', `${description}: the answer is no JSON: ${body.slice(0, 100)}`, {
      cause: error,
    });
  }
}
