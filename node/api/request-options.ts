/** What a request says about how it wants to be served: timeout, consistency, forwarding, idempotency. */
import { createHash } from 'node:crypto';
import type { ReadOptions, RequestOptions, WriteOptions } from '../server/types.ts';
import type { ApiLimits } from './context.ts';
import { invalid } from './errors.ts';
import { emptyQuery, type Query } from './query.ts';

export const requestParameters: readonly string[] = ['timeout', 'forward'];
export const readParameters: readonly string[] = [...requestParameters, 'consistency'];

/** Options of requests that say nothing about them, which are most: made once. */
export type OptionDefaults = { readonly request: RequestOptions; readonly read: ReadOptions };

/** What these functions need of the API's context. */
type Bounds = { readonly limits: ApiLimits; readonly defaults: OptionDefaults };

export function optionDefaults(limits: ApiLimits): OptionDefaults {
  const timeoutMs = limits.defaultTimeoutMs;
  return { request: { timeoutMs }, read: { timeoutMs, consistency: 'linearizable' } };
}

export function requestOptions(query: Query, { limits, defaults }: Bounds): RequestOptions {
  if (query === emptyQuery) return defaults.request;
  return { timeoutMs: timeoutMs(query, limits), mayForward: query.flag('forward', true) };
}

export function readOptions(query: Query, { limits, defaults }: Bounds): ReadOptions {
  if (query === emptyQuery) return defaults.read;
  const consistency = query.text('consistency') ?? 'linearizable';
  if (consistency !== 'linearizable' && consistency !== 'serializable') {
    throw invalid(`'consistency' is '${consistency}'; it must be linearizable or serializable`);
  }
  return { timeoutMs: timeoutMs(query, limits), mayForward: query.flag('forward', true), consistency };
}

/** What makes a request the one that it is: how long to wait and whom to ask are not part of it. */
export type RequestIdentity = {
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly body: Buffer | null;
};

/** @param key the request's `Idempotency-Key`, if it has one */
export function writeOptions(key: string | undefined, identity: RequestIdentity, bounds: Bounds): WriteOptions {
  const options = requestOptions(identity.query, bounds);
  if (key === undefined) return options;
  if (key.length === 0 || key.length > 255) throw invalid('Idempotency-Key must have 1 to 255 characters');
  return { ...options, idempotency: { key, fingerprint: fingerprintOf(identity) } };
}

const waitingParameters: ReadonlySet<string> = new Set(requestParameters);

function fingerprintOf({ method, path, query, ifMatch, ifNoneMatch, body }: RequestIdentity): Buffer {
  const head = [
    method,
    path,
    query.canonical((name) => !waitingParameters.has(name)),
    ifMatch ?? null,
    ifNoneMatch ?? null,
  ];
  const hash = createHash('sha256').update(JSON.stringify(head));
  if (body !== null) hash.update(body);
  return hash.digest();
}

/** Seconds with an optional fraction; `500ms` and `5s` are understood too. */
function timeoutMs(query: Query, limits: ApiLimits): number {
  const text = query.text('timeout');
  if (text === null) return limits.defaultTimeoutMs;
  const match = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s)?$/.exec(text);
  const value = match === null ? Number.NaN : Math.round(Number(match[1]) * (match[2] === 'ms' ? 1 : 1000));
  if (value > 0 && value <= limits.maxTimeoutMs) return value;
  throw invalid(
    `'timeout' is '${text}'; it must be seconds above 0 and up to ${limits.maxTimeoutMs / 1000}, such as 5 or 0.5`,
  );
}
