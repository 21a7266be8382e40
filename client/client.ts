/** The client: one method for each call of the HTTP API. */
import { type Bytes, keyPath, setParameter, toBytes } from './bytes.ts';
import { Caller, type CallOptions, type Request } from './caller.ts';
import { QuorateError } from './errors.ts';
import { KeyValue } from './key-value.ts';
import { HeldLease } from './lease.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';
import {
  type DeleteAnswer,
  deleteAnswer,
  type PutAnswer,
  putAnswer,
  type RangePage,
  rangePage,
  type TxnAnswer,
  txnAnswer,
} from './transaction.ts';
import {
  type ApiAddMember,
  type ApiAddMemberAnswer,
  type ApiBootstrap,
  type ApiCluster,
  type ApiCompactAnswer,
  type ApiConfigAnswer,
  type ApiDeleteAnswer,
  type ApiExpected,
  type ApiJoin,
  type ApiKeepAliveAnswer,
  type ApiLeaseAnswer,
  type ApiLeaseRevokeAnswer,
  type ApiLeaseStatus,
  type ApiLeases,
  type ApiPutAnswer,
  type ApiRangeAnswer,
  type ApiReadiness,
  type ApiRecover,
  type ApiReplaceVoters,
  type ApiStatus,
  type ApiTransfer,
  type ApiTransferAnswer,
  type ApiTxn,
  type ApiTxnAnswer,
  type ApiVersion,
  apiHeaders,
} from './types.ts';
import { Watch, type WatchOptions } from './watch.ts';

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
  /** As it was at that revision of the store. */
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
  /** Of items in one page. Default: the member's. */
  readonly limit?: number | undefined;
  readonly keysOnly?: boolean | undefined;
};

/** How one member answers, or why it does not. */
export type EndpointStatus = { readonly endpoint: string } & (
  | { readonly status: ApiStatus }
  | { readonly error: QuorateError }
);

const LONGEST_TIMEOUT_MS = 60_000;
const ATTEMPT_TIMEOUT_MS = 5_000;

/** @throws {QuorateError} `invalid_request` for options that cannot work */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}

export class Client {
  /** As given, without a slash at the end. */
  readonly endpoints: readonly string[];
  readonly #options: ClientOptions;
  readonly #caller: Caller;

  constructor(options: ClientOptions) {
    const { timeoutMs = LONGEST_TIMEOUT_MS, attemptTimeoutMs = ATTEMPT_TIMEOUT_MS, token } = options;
    this.endpoints = options.endpoints.map(checkedEndpoint);
    if (this.endpoints.length === 0) throw new QuorateError('invalid_request', 'endpoints: at least one is needed');
    if (!(timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS)) {
      throw new QuorateError('invalid_request', `timeoutMs: ${timeoutMs} is not between 1 and ${LONGEST_TIMEOUT_MS}`);
    }
    this.#options = options;
    this.#caller = new Caller({
      endpoints: this.endpoints,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      timeoutMs,
      attemptTimeoutMs,
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
      onRetry: options.onRetry ?? (() => undefined),
    });
  }

  /** A client with the same options that speaks to this one member only. */
  at(endpoint: string): Client {
    return new Client({ ...this.#options, endpoints: [endpoint] });
  }

  /** Null when there is no such key. */
  async get(key: Bytes, options: GetOptions = {}): Promise<KeyValue | null> {
    const { path, query } = keyPath(key);
    setReadOptions(query, options);
    try {
      return await this.#caller.call(readRequest(path, query), options, (response) => readKeyValue(key, response));
    } catch (error) {
      if (error instanceof QuorateError && error.code === 'key_not_found') return null;
      throw error;
    }
  }

  async put(key: Bytes, value: Bytes, options: PutOptions = {}): Promise<PutAnswer> {
    const { path, query } = keyPath(key);
    if (options.lease !== undefined) query.set('lease', options.lease);
    if (options.prev === true) query.set('prev', 'true');
    const headers = conditions(options);
    return putAnswer(
      await this.#write<ApiPutAnswer>({ method: 'PUT', path, query, headers, body: toBytes(value) }, options),
    );
  }

  /** Answers `deleted: 0` when there was no such key. */
  async delete(key: Bytes, options: DeleteOptions = {}): Promise<DeleteAnswer> {
    const { path, query } = keyPath(key);
    if (options.prev === true) query.set('prev', 'true');
    const headers = conditions(options);
    return deleteAnswer(await this.#write<ApiDeleteAnswer>({ method: 'DELETE', path, query, headers }, options));
  }

  /** All keys that start with `prefix`, which must not be empty, in one revision. */
  async deletePrefix(
    prefix: Bytes,
    options: WriteOptions & { readonly prev?: boolean | undefined } = {},
  ): Promise<DeleteAnswer> {
    const query = new URLSearchParams();
    setParameter(query, 'prefix', prefix);
    if (options.prev === true) query.set('prev', 'true');
    return deleteAnswer(await this.#write<ApiDeleteAnswer>({ method: 'DELETE', path: '/v1/kv', query }, options));
  }

  /** Every key there is, in one revision. */
  async deleteAll(options: WriteOptions = {}): Promise<DeleteAnswer> {
    const query = new URLSearchParams({ all: 'true' });
    return deleteAnswer(await this.#write<ApiDeleteAnswer>({ method: 'DELETE', path: '/v1/kv', query }, options));
  }

  /** Pages in order of key, all as of the revision at which the first was read, however long the reading takes. */
  async *pages(options: RangeOptions = {}): AsyncGenerator<RangePage, void, void> {
    const query = rangeQuery(options);
    for (let pageOptions = options; ; ) {
      const answer = await this.#read<ApiRangeAnswer>('/v1/kv', query, pageOptions);
      yield rangePage(answer);
      if (!answer.more || answer.cursor === undefined) return;
      query.set('cursor', answer.cursor);
      // The cursor holds it, and goes with no other.
      query.delete('revision');
      pageOptions = { ...options, revision: undefined };
    }
  }

  /** The items of all pages. */
  async *range(options: RangeOptions = {}): AsyncGenerator<KeyValue, void, void> {
    for await (const page of this.pages(options)) yield* page.items;
  }

  async count(options: RangeOptions = {}): Promise<number> {
    const query = rangeQuery(options);
    query.set('count_only', 'true');
    return (await this.#read<ApiRangeAnswer>('/v1/kv', query, options)).count;
  }

  /** All of it or nothing, in one revision. Build it with `compare` and `operation`, or write it plainly. */
  async txn(transaction: ApiTxn, options: WriteOptions = {}): Promise<TxnAnswer> {
    return txnAnswer(await this.#write<ApiTxnAnswer>({ method: 'POST', path: '/v1/txn', body: transaction }, options));
  }

  /** See `Watch`; iterate it. */
  watch(options: WatchOptions): Watch {
    return new Watch(this.#caller, options);
  }

  /** The member may raise a very short `ttlSeconds`; the answer says what it is. */
  async grantLease(
    ttlSeconds: number,
    options: WriteOptions & { readonly id?: string | undefined } = {},
  ): Promise<{ id: string; ttlSeconds: number }> {
    const body = { ttl_seconds: ttlSeconds, ...(options.id === undefined ? {} : { id: options.id }) };
    const answer = await this.#write<ApiLeaseAnswer>({ method: 'POST', path: '/v1/leases', body }, options);
    return { id: answer.id, ttlSeconds: answer.ttl_seconds };
  }

  /** Starts the lease's time anew. */
  async keepAlive(id: string, options: CallOptions = {}): Promise<{ ttlSeconds: number }> {
    const request: Request = { method: 'POST', path: `${leasePath(id)}/keepalive`, isRepeatable: true, mayWait: true };
    return { ttlSeconds: (await this.#caller.json<ApiKeepAliveAnswer>(request, options)).ttl_seconds };
  }

  /** Deletes all keys that are bound to it, in one revision. */
  revokeLease(id: string, options: WriteOptions = {}): Promise<ApiLeaseRevokeAnswer> {
    return this.#write({ method: 'DELETE', path: leasePath(id) }, options);
  }

  lease(id: string, options: CallOptions & { readonly keys?: boolean | undefined } = {}): Promise<ApiLeaseStatus> {
    return this.#read(leasePath(id), new URLSearchParams(options.keys === true ? { keys: 'true' } : {}), options);
  }

  async leases(options: CallOptions = {}): Promise<ApiLeases['leases']> {
    return (await this.#read<ApiLeases>('/v1/leases', new URLSearchParams(), options)).leases;
  }

  /** Grants a lease and renews it until it is released. */
  async holdLease(ttlSeconds: number, options: CallOptions = {}): Promise<HeldLease> {
    const sentAtMs = performance.now();
    const granted = await this.grantLease(ttlSeconds, options);
    return new HeldLease(this, granted.id, granted.ttlSeconds, sentAtMs);
  }

  /** Forgets what was overwritten or deleted before `revision`, which stays readable. */
  compact(revision: number, options: WriteOptions = {}): Promise<ApiCompactAnswer> {
    return this.#write({ method: 'POST', path: '/v1/compact', body: { revision } }, options);
  }

  /** The view of the first member that answers; `at` names one. */
  status(options: CallOptions = {}): Promise<ApiStatus> {
    return this.#local('/v1/status', options);
  }

  /** Every endpoint's own view, in their order, asked at once, without retries. */
  statuses(options: CallOptions = {}): Promise<EndpointStatus[]> {
    return Promise.all(
      this.endpoints.map(async (endpoint) => {
        try {
          return {
            endpoint,
            status: await new Client({ ...this.#options, endpoints: [endpoint], timeoutMs: 3_000 }).status(options),
          };
        } catch (error) {
          if (error instanceof QuorateError) return { endpoint, error };
          throw error;
        }
      }),
    );
  }

  /** The membership, linearizable. */
  cluster(options: CallOptions = {}): Promise<ApiCluster> {
    return this.#read('/v1/cluster', new URLSearchParams(), options);
  }

  /** Gives an empty member the record that its cluster is founded with; idempotent. */
  bootstrap(record: ApiBootstrap, options: CallOptions = {}): Promise<ApiBootstrap> {
    return this.#caller.json({ method: 'POST', path: '/v1/bootstrap', body: record, isRepeatable: true }, options);
  }

  /** Tells an empty member the cluster that has added it; idempotent. */
  async join(record: ApiJoin, options: CallOptions = {}): Promise<void> {
    await this.#caller.json({ method: 'POST', path: '/v1/join', body: record, isRepeatable: true }, options);
  }

  /** As a learner. */
  addMember(member: ApiAddMember, options: CallOptions = {}): Promise<ApiAddMemberAnswer> {
    return this.#administer('POST', '/v1/cluster/members', member, options);
  }

  promoteMember(id: number, expected: ApiExpected = {}, options: CallOptions = {}): Promise<ApiConfigAnswer> {
    return this.#administer('POST', `/v1/cluster/members/${id}/promote`, expected, options);
  }

  removeMember(id: number, expected: ApiExpected = {}, options: CallOptions = {}): Promise<ApiConfigAnswer> {
    return this.#administer('DELETE', `/v1/cluster/members/${id}`, expected, options);
  }

  /** Exactly these become the voters, in one joint change; voters left out leave the cluster. */
  replaceVoters(target: ApiReplaceVoters, options: CallOptions = {}): Promise<ApiConfigAnswer> {
    return this.#administer('PUT', '/v1/cluster/members', target, options);
  }

  /** To `to`, or to the most caught-up voter. */
  transferLeader(to: ApiTransfer = {}, options: CallOptions = {}): Promise<ApiTransferAnswer> {
    return this.#administer('POST', '/v1/cluster/transfer-leader', to, options);
  }

  /** Quorum loss only: makes the one member at this client's only endpoint the sole voter of a new cluster. */
  async recover(record: ApiRecover, options: CallOptions = {}): Promise<void> {
    if (this.endpoints.length !== 1)
      throw new QuorateError('invalid_request', 'recover: name exactly one endpoint, the survivor');
    await this.#caller.json({ method: 'POST', path: '/v1/recover', body: record, isRepeatable: true }, options);
  }

  /** All members are about to be stopped: for a minute the one at this client's only endpoint waits for no quorum then. */
  async stopTogether(options: CallOptions = {}): Promise<void> {
    if (this.endpoints.length !== 1)
      throw new QuorateError('invalid_request', 'stopTogether: name exactly one endpoint');
    await this.#caller.json({ method: 'POST', path: '/v1/stop-together', isRepeatable: true }, options);
  }

  /** A consistent backup as a stream. `timeoutMs` is for its beginning; bound the whole by `signal`. */
  snapshot(options: CallOptions = {}): Promise<Snapshot> {
    const request: Request = { method: 'GET', path: '/v1/snapshot', isRepeatable: true };
    return this.#caller.call(request, options, (response) => readSnapshot(response, options.signal));
  }

  version(options: CallOptions = {}): Promise<ApiVersion> {
    return this.#local('/version', options);
  }

  /** Of the member at this client's only endpoint. */
  async readiness(options: CallOptions = {}): Promise<ApiReadiness> {
    if (this.endpoints.length !== 1) throw new QuorateError('invalid_request', 'readiness: name exactly one endpoint');
    const answer = await (this.#options.fetch ?? globalThis.fetch)(`${this.endpoints[0]}/readyz?verbose`, {
      headers: { accept: 'application/json' },
      signal: options.signal ?? null,
    });
    return (await answer.json()) as ApiReadiness;
  }

  #read<T>(path: string, query: URLSearchParams, options: GetOptions): Promise<T> {
    setReadOptions(query, options);
    return this.#caller.json(readRequest(path, query), options);
  }

  #local<T>(path: string, options: CallOptions): Promise<T> {
    return this.#caller.json({ method: 'GET', path, isRepeatable: true }, options);
  }

  /** One key for all attempts: whichever of them are carried out, the write happens once. */
  #write<T>(request: Omit<Request, 'isRepeatable'>, options: WriteOptions): Promise<T> {
    const { idempotencyKey: key = randomKey() } = options;
    if (key === null) return this.#caller.json({ ...request, isRepeatable: false, mayWait: true }, options);
    const headers = { ...request.headers, 'idempotency-key': key };
    return this.#caller.json({ ...request, headers, isRepeatable: true, mayWait: true }, options);
  }

  /** Changes of membership carry no key: after an unknown outcome only the caller can see what to do next. */
  #administer<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body: object, options: CallOptions): Promise<T> {
    return this.#caller.json({ method, path, body, isRepeatable: false, mayWait: true }, options);
  }
}

function readRequest(path: string, query: URLSearchParams): Request {
  return { method: 'GET', path, query, isRepeatable: true, mayWait: true };
}

function setReadOptions(query: URLSearchParams, options: GetOptions): void {
  if (options.consistency !== undefined) query.set('consistency', options.consistency);
  if (options.revision !== undefined) query.set('revision', String(options.revision));
}

function rangeQuery(options: RangeOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (options.prefix !== undefined) setParameter(query, 'prefix', options.prefix);
  if (options.from !== undefined) setParameter(query, 'from', options.from);
  if (options.to !== undefined) setParameter(query, 'to', options.to);
  if (options.limit !== undefined) query.set('limit', String(options.limit));
  if (options.keysOnly === true) query.set('keys_only', 'true');
  return query;
}

function conditions(options: {
  ifRevision?: number | undefined;
  ifAbsent?: boolean | undefined;
}): Record<string, string> {
  return {
    ...(options.ifRevision === undefined ? {} : { 'if-match': `"${options.ifRevision}"` }),
    ...(options.ifAbsent === true ? { 'if-none-match': '*' } : {}),
  };
}

async function readKeyValue(key: Bytes, response: Response): Promise<KeyValue> {
  const { headers } = response;
  return new KeyValue(key, new Uint8Array(await response.arrayBuffer()), {
    createRevision: Number(headers.get(apiHeaders.createRevision)),
    modRevision: Number((headers.get('etag') ?? '').replaceAll('"', '')),
    version: Number(headers.get(apiHeaders.version)),
    lease: headers.get(apiHeaders.lease),
  });
}

function leasePath(id: string): string {
  return `/v1/leases/${encodeURIComponent(id)}`;
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

/** Browsers give randomUUID to secure pages only, Node before 19 has no global crypto. */
function randomKey(): string {
  if (globalThis.crypto?.randomUUID !== undefined) return globalThis.crypto.randomUUID();
  return Array.from({ length: 4 }, () => Math.random().toString(36).slice(2)).join('');
}
