/** Which failures may be tried again, and when. Pure: the decisions of `caller.ts`. */
import { QuorateError } from './errors.ts';

/**
 * `Refused`: the request was not carried out, anything may be sent again. `Unknown`: it may have been, so only what
 * is safe to repeat is. `Final`: trying again would not help.
 */
export type Certainty = 'Refused' | 'Unknown' | 'Final';

export type Failure = {
  readonly certainty: Certainty;
  /** True where another member would say the same now, so that only time helps. */
  readonly isClusterWide: boolean;
  readonly retryAfterMs: number;
  readonly error: QuorateError;
};

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 2_000;

/** Codes of a connection that never came to be: nothing was sent. */
const NOT_CONNECTED = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ENOTFOUND', 'name not found'],
  ['EAI_AGAIN', 'name cannot be resolved now'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'network unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'no connection in time'],
]);

export function failureOfAnswer(error: QuorateError, retryAfter: string | null): Failure {
  const seconds = Number(retryAfter ?? 0);
  const retryAfterMs = Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : 0;
  switch (error.code) {
    case 'no_leader':
    case 'overloaded':
    case 'too_many_idempotency_keys':
      return { certainty: 'Refused', isClusterWide: true, retryAfterMs, error };
    case 'not_leader':
    case 'not_ready':
    case 'parked':
    case 'stopping':
      return { certainty: 'Refused', isClusterWide: false, retryAfterMs, error };
    case 'timeout':
    case 'outcome_unknown':
      return { certainty: 'Unknown', isClusterWide: false, retryAfterMs, error };
    case 'invalid_answer': {
      // A proxy or load balancer in between; it does not say whether the member saw the request.
      const isPassing = error.status === 429 || (error.status >= 502 && error.status <= 504);
      return { certainty: isPassing ? 'Unknown' : 'Final', isClusterWide: false, retryAfterMs, error };
    }
    default:
      return { certainty: 'Final', isClusterWide: false, retryAfterMs, error };
  }
}

/** The failure behind what `fetch` threw, or behind an answer's body that broke off. */
export function failureOfException(exception: unknown, url: string): Failure {
  const code = innermostCode(exception);
  const notConnected = NOT_CONNECTED.get(code ?? '');
  const why =
    notConnected ?? (code === null ? innermostMessage(exception) : `${innermostMessage(exception)} (${code})`);
  return {
    certainty: notConnected === undefined ? 'Unknown' : 'Refused',
    isClusterWide: false,
    retryAfterMs: 0,
    error: new QuorateError('unreachable', `${url}: ${why}`, { cause: exception }),
  };
}

/** True for what may be over soon: a member away, no leader, too much load. */
export function isPassing(error: QuorateError): boolean {
  return error.code === 'unreachable' || failureOfAnswer(error, null).certainty !== 'Final';
}

/**
 * How long to wait before the next attempt. What concerns one member goes to the next at once, until all were
 * asked; each round doubles the wait. Half of it is random, so that clients cut off together do not return together.
 *
 * @param attempts made so far
 * @param random in [0, 1)
 */
export function delayBeforeRetryMs(failure: Failure, attempts: number, endpoints: number, random: number): number {
  const isRoundComplete = attempts % endpoints === 0;
  if (!isRoundComplete && !failure.isClusterWide) return 0;
  const rounds = Math.floor(attempts / endpoints);
  const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(rounds, 10));
  // What the member asked for is a least: the jitter comes on top of it.
  return failure.retryAfterMs + backoffMs * (0.5 + random / 2);
}

function innermostCode(exception: unknown): string | null {
  let code: string | null = null;
  for (let error = exception; typeof error === 'object' && error !== null; error = innerOf(error)) {
    if ('code' in error && typeof error.code === 'string') code = error.code;
  }
  return code;
}

function innermostMessage(exception: unknown): string {
  let message = String(exception);
  for (let error = exception; error instanceof Error; error = innerOf(error))
    if (error.message !== '') message = error.message;
  return message;
}

/** Node tries all addresses of a name and reports an AggregateError. */
function innerOf(error: object): unknown {
  if ('errors' in error && Array.isArray(error.errors)) return error.errors[0];
  return 'cause' in error ? error.cause : null;
}
