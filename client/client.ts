/** The client: one method for each call of the HTTP API. */
import { type Bytes, keyPath, setParameter, toBytes } from './bytes.ts';
import { Caller, type CallOptions, type Request } from './caller.ts';
import { QuorateError } from './errors.ts';
import { KeyValue } from './key-value.ts';
import { HeldLease } from './lease.ts';
import {
  type ClientOptions,
  callerOptions,
  type DeleteOptions,
  type GetOptions,
  type PutOptions,
  type RangeOptions,
  type WriteOptions,
} from './options.ts';
import { conditions, leasePath, rangeQuery, readRequest, setReadOptions } from './requests.ts';
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

/** How one member answers, or why it does not. */
export type EndpointStatus = { readonly endpoint: string } & (
  | { readonly status: ApiStatus }
  | { readonly error: QuorateError }
);

/**
 * Connects to nothing yet; there is nothing to close either.
 *
 * @throws {QuorateError} `invalid_request` for options that cannot work
 */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}

/**
 * A cluster as a program sees it. Any member takes any call; one that fails is tried again at the next endpoint as
 * long as that is safe and `timeoutMs` lasts. Reads are linearizable unless asked otherwise. A write is answered when a
 * quorum has it on disk, and happens once however often it is retried.
 *
 * Methods reject with a `QuorateError`, whose `code` says why, or with the reason of an aborted `signal`. After
 * `timeout`, `outcome_unknown`, `unreachable`, `invalid_answer` or an abort, a write may have happened or may still
 * happen; after any other code it has not.
 */
export class Client {
  /** As given, without a slash at the end. */
  readonly endpoints: readonly string[];
  readonly #options: ClientOptions;
  readonly #caller: Caller;

  constructor(options: ClientOptions) {
    const checked = callerOptions(options);
    this.endpoints = checked.endpoints;
    this.#options = options;
    this.#caller = new Caller(checked);
  }

  /** A client with the same options that speaks to this one member only. */
  at(endpoint: string): Client {
    return new Client({ ...this.#options, endpoints: [endpoint] });
  }

  /**
   * Null when there is no such key.
   *
   * @throws {CompactedError} when history at `revision` is gone; {QuorateError} `future_revision`
   */
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

  /**
   * Sets a key. Without `lease`, a key that was bound to a lease no longer is.
   *
   * @throws {QuorateError} `precondition_failed` for `ifRevision` or `ifAbsent`, `lease_not_found`, `too_large`,
   *   `no_space`
   */
  async put(key: Bytes, value: Bytes, options: PutOptions = {}): Promise<PutAnswer> {
    const { path, query } = keyPath(key);
    if (options.lease !== undefined) query.set('lease', options.lease);
    if (options.prev === true) query.set('prev', 'true');
    const headers = conditions(options);
    return putAnswer(
      await this.#write<ApiPutAnswer>({ method: 'PUT', path, query, headers, body: toBytes(value) }, options),
    );
  }

  /**
   * Answers `deleted: 0` when there was no such key.
   *
   * @throws {QuorateError} `precondition_failed` for `ifRevision`
   */
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
      // The cursor carries the revision of the first page, so that it is not sent again.
      query.delete('revision');
      pageOptions = { ...options, revision: undefined };
    }
  }

  /** The items of all `pages`, one by one. */
  async *range(options: RangeOptions = {}): AsyncGenerator<KeyValue, void, void> {
    for await (const page of this.pages(options)) yield* page.items;
  }

  async count(options: RangeOptions = {}): Promise<number> {
    const query = rangeQuery(options);
    query.set('count_only', 'true');
    return (await this.#read<ApiRangeAnswer>('/v1/kv', query, options)).count;
  }

  /**
   * Compares, then carries out `then` or `else`: all of it or nothing, in one revision. Build it with `compare` and
   * `operation`, or write it plainly.
   *
   * @throws {QuorateError} `duplicate_key` when one branch writes a key twice
   */
  async txn(transaction: ApiTxn, options: WriteOptions = {}): Promise<TxnAnswer> {
    return txnAnswer(await this.#write<ApiTxnAnswer>({ method: 'POST', path: '/v1/txn', body: transaction }, options));
  }

  /** Changes as they happen, or from a past revision on: iterate the answer. It connects when that begins. */
  watch(options: WatchOptions): Watch {
    return new Watch(this.#caller, options);
  }

  /**
   * Grants a lease: keys bound to it are deleted when it is not kept alive for `ttlSeconds`. The member raises a very
   * short one; the answer has what holds. To have it renewed: `holdLease`.
   *
   * @throws {QuorateError} `lease_exists` for an `id` that is in use
   */
  async grantLease(
    ttlSeconds: number,
    options: WriteOptions & { readonly id?: string | undefined } = {},
  ): Promise<{ id: string; ttlSeconds: number }> {
    const body = { ttl_seconds: ttlSeconds, ...(options.id === undefined ? {} : { id: options.id }) };
    const answer = await this.#write<ApiLeaseAnswer>({ method: 'POST', path: '/v1/leases', body }, options);
    return { id: answer.id, ttlSeconds: answer.ttl_seconds };
  }

  /** Starts the lease's time anew. @throws {QuorateError} `lease_not_found` */
  async keepAlive(id: string, options: CallOptions = {}): Promise<{ ttlSeconds: number }> {
    const request: Request = { method: 'POST', path: `${leasePath(id)}/keepalive`, isRepeatable: true, mayWait: true };
    return { ttlSeconds: (await this.#caller.json<ApiKeepAliveAnswer>(request, options)).ttl_seconds };
  }

  /** Ends a lease and deletes the keys bound to it, in one revision. @throws {QuorateError} `lease_not_found` */
  revokeLease(id: string, options: WriteOptions = {}): Promise<ApiLeaseRevokeAnswer> {
    return this.#write({ method: 'DELETE', path: leasePath(id) }, options);
  }

  /** How much time a lease has left and, on request, its keys. @throws {QuorateError} `lease_not_found` */
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

  /**
   * Forgets what was overwritten or deleted before `revision`, which stays readable.
   *
   * @throws {CompactedError} when that has been done; {QuorateError} `future_revision`
   */
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

  /**
   * Adds a member as a learner; `joinCluster` does all that it takes to make it a voter.
   *
   * @throws {QuorateError} `member_exists` when name, address or incarnation is taken, `config_index_mismatch` when the
   *   membership has changed since `expected_config_index`
   */
  addMember(member: ApiAddMember, options: CallOptions = {}): Promise<ApiAddMemberAnswer> {
    return this.#administer('POST', '/v1/cluster/members', member, options);
  }

  /** Gives a learner its vote. @throws {QuorateError} `learner_not_in_sync` until it has caught up, `not_a_learner` */
  promoteMember(id: number, expected: ApiExpected = {}, options: CallOptions = {}): Promise<ApiConfigAnswer> {
    return this.#administer('POST', `/v1/cluster/members/${id}/promote`, expected, options);
  }

  /**
   * Removes a member for good: its id is never used again. A leader hands leadership over first.
   *
   * @throws {QuorateError} `quorum_at_risk` when those that stay could not reach a quorum now, `last_voter`
   */
  removeMember(id: number, expected: ApiExpected = {}, options: CallOptions = {}): Promise<ApiConfigAnswer> {
    return this.#administer('DELETE', `/v1/cluster/members/${id}`, expected, options);
  }

  /** Exactly these become the voters, in one joint change; voters left out leave the cluster. */
  replaceVoters(target: ApiReplaceVoters, options: CallOptions = {}): Promise<ApiConfigAnswer> {
    return this.#administer('PUT', '/v1/cluster/members', target, options);
  }

  /** Hands leadership to `to`, or to the most caught-up voter. @throws {QuorateError} `transfer_failed` */
  transferLeader(to: ApiTransfer = {}, options: CallOptions = {}): Promise<ApiTransferAnswer> {
    return this.#administer('POST', '/v1/cluster/transfer-leader', to, options);
  }

  /**
   * After the loss of a quorum, and only then: makes the member at this client's only endpoint the one voter of a new
   * cluster. The processes of all others must have been stopped for good before (docs/contract.md, "Quorum recovery").
   */
  async recover(record: ApiRecover, options: CallOptions = {}): Promise<void> {
    this.#onlyEndpoint('recover', ', the survivor');
    await this.#caller.json({ method: 'POST', path: '/v1/recover', body: record, isRepeatable: true }, options);
  }

  /**
   * Tells the member at this client's only endpoint that all members are about to be stopped: for a minute its preStop
   * hook does not wait for the others.
   */
  async stopTogether(options: CallOptions = {}): Promise<void> {
    this.#onlyEndpoint('stopTogether');
    await this.#caller.json({ method: 'POST', path: '/v1/stop-together', isRepeatable: true }, options);
  }

  /** A consistent backup as a stream. `timeoutMs` is for its beginning; bound the whole by `signal`. */
  snapshot(options: CallOptions = {}): Promise<Snapshot> {
    const request: Request = { method: 'GET', path: '/v1/snapshot', isRepeatable: true };
    return this.#caller.call(request, options, (response) => readSnapshot(response, options.signal));
  }

  /** The versions of the first member that answers. */
  version(options: CallOptions = {}): Promise<ApiVersion> {
    return this.#local('/version', options);
  }

  /** Whether the member at this client's only endpoint is ready, and which checks fail. */
  async readiness(options: CallOptions = {}): Promise<ApiReadiness> {
    const endpoint = this.#onlyEndpoint('readiness');
    const answer = await (this.#options.fetch ?? globalThis.fetch)(`${endpoint}/readyz?verbose`, {
      headers: { accept: 'application/json' },
      signal: options.signal ?? null,
    });
    return (await answer.json()) as ApiReadiness;
  }

  /** @param which of several to name */
  #onlyEndpoint(call: string, which = ''): string {
    const [endpoint, another] = this.endpoints;
    if (endpoint !== undefined && another === undefined) return endpoint;
    throw new QuorateError('invalid_request', `${call}: name exactly one endpoint${which}`);
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

async function readKeyValue(key: Bytes, response: Response): Promise<KeyValue> {
  const { headers } = response;
  return new KeyValue(key, new Uint8Array(await response.arrayBuffer()), {
    createRevision: Number(headers.get(apiHeaders.createRevision)),
    modRevision: Number((headers.get('etag') ?? '').replaceAll('"', '')),
    version: Number(headers.get(apiHeaders.version)),
    lease: headers.get(apiHeaders.lease),
  });
}

/** Browsers give randomUUID to secure pages only, Node before 19 has no global crypto. */
function randomKey(): string {
  if (globalThis.crypto?.randomUUID !== undefined) return globalThis.crypto.randomUUID();
  return Array.from({ length: 4 }, () => Math.random().toString(36).slice(2)).join('');
}
