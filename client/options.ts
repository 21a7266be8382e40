/** What a client and its calls can be told. */
import type { Bytes } from './bytes.ts';
import type { CallerOptions, CallOptions } from './caller.ts';
import { QuorateError } from './errors.ts';

export type ClientOptions = {
  /** Client URLs of members, `http://HOST:PORT`; any of them takes any call, the next one takes over when it is away. */
  readonly endpoints: readonly string[];
  /** Sent as a bearer token. */
  readonly token?: string | undefined;
  /**
   * For a whole call with its retries. Default and longest 60,000: members forget an idempotency key some time after,
   * and a retry later than that could write twice.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * For one attempt at one member. Default 5,000. What is safe to repeat is given less in a short call: each endpoint
   * its share of the whole, so that one frozen member does not fail it.
   */
  readonly attemptTimeoutMs?: number | undefined;
  /** In place of the global `fetch`: to bring certificates (`quorate/client/tls`), a proxy, or an observer. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Told of each failure that is about to be retried. */
  readonly onRetry?: ((error: QuorateError) => void) | undefined;
};

/** `serializable`: from the member that is asked, at once, maybe a little behind. Default: linearizable. */
export type Consistency = 'linearizable' | 'serializable';

export type GetOptions = CallOptions & {
  readonly consistency?: Consistency | undefined;
  /** Reads what was there at that revision of the store. */
  readonly revision?: number | undefined;
};

export type WriteOptions = CallOptions & {
  /**
   * Default: a new one for each call. One of your own makes a write happen once even when the whole call is made again.
   * Null sends none: the write is then not retried where it may have happened, and costs the cluster a little less.
   */
  readonly idempotencyKey?: string | null | undefined;
};

export type PutOptions = WriteOptions & {
  /** Id of the lease to bind the key to; without it the key is bound to none. */
  readonly lease?: string | undefined;
  /** True: answer with the pair that was replaced. */
  readonly prev?: boolean | undefined;
  /** Only if the key's modification revision is this one; else `precondition_failed`. */
  readonly ifRevision?: number | undefined;
  /** Only if there is no such key; else `precondition_failed`. */
  readonly ifAbsent?: boolean | undefined;
};

export type DeleteOptions = WriteOptions & {
  readonly prev?: boolean | undefined;
  readonly ifRevision?: number | undefined;
};

export type RangeOptions = GetOptions & {
  /** All keys that start with it. Default, without `from`: all keys. */
  readonly prefix?: Bytes | undefined;
  /** Keys from this one on; with `prefix`, those of the prefix. */
  readonly from?: Bytes | undefined;
  /** Keys before this one. */
  readonly to?: Bytes | undefined;
  /** The most items of one page. Default: the member's. */
  readonly limit?: number | undefined;
  readonly keysOnly?: boolean | undefined;
};

const LONGEST_TIMEOUT_MS = 60_000;
const ATTEMPT_TIMEOUT_MS = 5_000;

/** What a client tells its caller. @throws {QuorateError} `invalid_request` for options that cannot work */
export function callerOptions(options: ClientOptions): CallerOptions {
  const { timeoutMs = LONGEST_TIMEOUT_MS, attemptTimeoutMs = ATTEMPT_TIMEOUT_MS, token } = options;
  const endpoints = options.endpoints.map(checkedEndpoint);
  if (endpoints.length === 0) throw new QuorateError('invalid_request', 'endpoints: at least one is needed');
  if (!(timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS)) {
    throw new QuorateError('invalid_request', `timeoutMs: ${timeoutMs} is not between 1 and ${LONGEST_TIMEOUT_MS}`);
  }
  return {
    endpoints,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    timeoutMs,
    attemptTimeoutMs,
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    onRetry: options.onRetry ?? (() => undefined),
  };
}

function checkedEndpoint(endpoint: string): string {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    throw new QuorateError(
      'invalid_request',
      `endpoint '${endpoint}' is not a URL; write it like http://127.0.0.1:2379`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new QuorateError('invalid_request', `endpoint '${endpoint}' must begin with http:// or https://`);
  }
  return url.href.replace(/\/+$/, '');
}
