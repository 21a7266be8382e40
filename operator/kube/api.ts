/** The Kubernetes API over HTTP. */
import type { ApiServer } from './api-server.ts';
import { Connection } from './connection.ts';
import { isKubeError, KubeError } from './errors.ts';
import { podKind } from './kinds.ts';
import { lines } from './lines.ts';
import { collectionPath, objectPath } from './paths.ts';
import { type Ask, type RequestObserver, Requests } from './requests.ts';
import { type Rate, Throttle } from './throttle.ts';
import type {
  ApplyOptions,
  Clock,
  DeleteOptions,
  Eviction,
  EvictOptions,
  Kind,
  KubeApi,
  KubeObject,
  ListOptions,
  ObjectList,
  ObjectName,
  PatchOptions,
  Preconditions,
  RequestOptions,
  Scope,
  Stored,
  WatchEvent,
  WatchOptions,
} from './types.ts';
import { watchEvents } from './watch-events.ts';

export interface HttpKubeApiOptions {
  readonly server: ApiServer;
  readonly clock: Clock;
  /** For example `quorate-operator/1.2.3`. */
  readonly userAgent: string;
  /**
   * Limit for the requests of this client; default: 50 a second, with bursts of 100. Leader election needs a KubeApi of
   * its own, so that its renewals never wait behind other requests.
   */
  readonly rate?: Rate;
  /** The deadline of requests that set none; default: 10 s. */
  readonly deadlineMs?: number;
  readonly observer?: RequestObserver;
}

/** The name under which server-side apply records the fields that the operator owns. */
const fieldManager = 'quorate';
const defaultPageSize = 500;

export class HttpKubeApi implements KubeApi {
  readonly #connection: Connection;
  readonly #requests: Requests;

  constructor({ server, clock, userAgent, rate, deadlineMs, observer }: HttpKubeApiOptions) {
    this.#connection = new Connection(server, userAgent);
    this.#requests = new Requests({
      connection: this.#connection,
      clock,
      throttle: new Throttle(rate ?? { perSecond: 50, burst: 100 }),
      deadlineMs: deadlineMs ?? 10_000,
      observer: observer ?? { requestEnded: () => {}, throttled: () => {} },
    });
  }

  /** Closes all connections; requests under way fail with `Unreachable`. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  async get<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    options?: RequestOptions,
  ): Promise<Stored<T> | null> {
    try {
      return await this.#object(kind, askFor('get', kind, name, {}), options);
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return null;
      throw error;
    }
  }

  async list<T extends KubeObject>(kind: Kind<T>, scope: Scope, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { resourceVersion, pageSize = defaultPageSize } = options;
    const query = { ...queryOf(scope), resourceVersion };
    try {
      return await this.#pages(kind, scope, { ...query, limit: pageSize }, options);
    } catch (error) {
      // The snapshot behind the pages was compacted before the last page was read: one request gets all.
      if (!isKubeError(error, 'Gone')) throw error;
      return this.#pages(kind, scope, query, options);
    }
  }

  async *watch<T extends KubeObject>(
    kind: Kind<T>,
    scope: Scope,
    { resourceVersion, timeoutSeconds, signal }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const query = { ...queryOf(scope), watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds };
    // A separate controller, so that the connection is also closed when the caller just leaves its loop.
    const reading = new AbortController();
    const stop = () => reading.abort();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      const ask: Ask = { ...askForAll('watch', kind, scope, query), lasting: true };
      const body = await this.#requests.stream(ask, reading.signal);
      yield* watchEvents(kind, lines(body));
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  create<T extends KubeObject>(kind: Kind<T>, object: T, options?: RequestOptions): Promise<Stored<T>> {
    const { namespace, name } = nameOf(object);
    const path = withQuery(collectionPath(kind, namespace), { fieldManager });
    const body = json({ ...object, apiVersion: kind.apiVersion, kind: kind.kind });
    const about = { verb: 'create', kind: kind.kind, object: label({ namespace, name }) };
    return this.#object(kind, { ...about, method: 'POST', path, body }, options);
  }

  async apply<T extends KubeObject>(kind: Kind<T>, object: T, options: ApplyOptions = {}): Promise<Stored<T>> {
    const { subresource, uid, resourceVersion } = options;
    if (resourceVersion !== undefined && uid === undefined) {
      throw new TypeError('apply: a resourceVersion alone does not prevent that a deleted object is created again');
    }
    const query = { fieldManager, force: true };
    const metadata = { ...object.metadata, managedFields: undefined, uid, resourceVersion };
    const content = JSON.stringify({ ...object, apiVersion: kind.apiVersion, kind: kind.kind, metadata });
    const ask = askFor('apply', kind, nameOf(object), query, subresource);
    // JSON is valid YAML, and every API server with server-side apply accepts this content type.
    const body = { type: 'application/apply-patch+yaml', content };
    return this.#object(kind, { ...ask, method: 'PATCH', body }, options);
  }

  patch<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    patch: Readonly<Record<string, unknown>>,
    options: PatchOptions = {},
  ): Promise<Stored<T>> {
    const { subresource, uid, resourceVersion } = options;
    const metadata = { ...(patch['metadata'] as object | undefined), uid, resourceVersion };
    const body = { type: 'application/merge-patch+json', content: JSON.stringify({ ...patch, metadata }) };
    const ask = askFor('patch', kind, name, { fieldManager }, subresource);
    return this.#object(kind, { ...ask, method: 'PATCH', body }, options);
  }

  async delete<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    options: DeleteOptions = {},
  ): Promise<'Accepted' | 'Absent'> {
    const body = json({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...deletionOf(options),
    });
    try {
      await this.#requests.json({ ...askFor('delete', kind, name, {}), method: 'DELETE', body }, options);
      return 'Accepted';
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return 'Absent';
      throw error;
    }
  }

  async evict(pod: ObjectName, options: EvictOptions = {}): Promise<Eviction> {
    const body = json({
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: pod,
      deleteOptions: deletionOf(options),
    });
    const ask: Ask = { ...askFor('evict', podKind, pod, {}, 'eviction'), method: 'POST', body };
    try {
      await this.#requests.json(ask, options, (refusal) => budgetOf(refusal) !== null);
      return { outcome: 'Evicted' };
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return { outcome: 'Absent' };
      const message = isKubeError(error, 'TooManyRequests') ? budgetOf(error) : null;
      if (message === null) throw error;
      return { outcome: 'Refused', message, retryAfterMs: (error as KubeError).retryAfterMs };
    }
  }

  async #object<T extends KubeObject>(kind: Kind<T>, ask: Ask, options: RequestOptions = {}): Promise<Stored<T>> {
    const object = (await this.#requests.json(ask, options)) as Stored<T>;
    if (typeof object?.metadata?.resourceVersion === 'string') return object;
    throw new KubeError('ServerError', `${ask.verb} ${ask.kind} ${ask.object}: the answer is no ${kind.kind}`);
  }

  async #pages<T extends KubeObject>(
    kind: Kind<T>,
    scope: Scope,
    query: Query,
    options: ListOptions,
  ): Promise<ObjectList<T>> {
    const items: Stored<T>[] = [];
    for (let next: string | undefined, first = true; ; first = false) {
      const asked = first ? query : { ...query, resourceVersion: undefined, continue: next };
      const page = (await this.#requests.json(askForAll('list', kind, scope, asked), options)) as {
        readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
        readonly items?: readonly Stored<T>[] | null;
      };
      // The API server omits apiVersion and kind from list items of built-in kinds.
      for (const item of page.items ?? []) items.push({ ...item, apiVersion: kind.apiVersion, kind: kind.kind });
      next = page.metadata?.continue;
      if (next) continue;
      const resourceVersion = page.metadata?.resourceVersion;
      if (resourceVersion) return { items, resourceVersion };
      throw new KubeError('ServerError', `list ${kind.kind}: the answer is no list`);
    }
  }
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

function askFor(verb: string, kind: Kind<KubeObject>, name: ObjectName, query: Query, subresource?: string): Ask {
  const path = withQuery(objectPath(kind, name, subresource), query);
  return { verb, kind: kind.kind, object: label(name), method: 'GET', path };
}

function askForAll(verb: string, kind: Kind<KubeObject>, scope: Scope, query: Query): Ask {
  return { verb, kind: kind.kind, method: 'GET', path: withQuery(collectionPath(kind, scope.namespace ?? ''), query) };
}

function queryOf({ labelSelector }: Scope): Query {
  return { labelSelector };
}

function withQuery(path: string, query: Query): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.append(key, String(value));
  return given.size === 0 ? path : `${path}?${given}`;
}

function json(value: unknown): { type: string; content: string } {
  return { type: 'application/json', content: JSON.stringify(value) };
}

function nameOf({ metadata }: KubeObject): ObjectName {
  if (!metadata?.name) throw new TypeError('an object to be written must have a name');
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

function label({ namespace, name }: ObjectName): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

function deletionOf({ uid, resourceVersion, gracePeriodSeconds }: Preconditions & { gracePeriodSeconds?: number }) {
  return { preconditions: { uid, resourceVersion }, gracePeriodSeconds };
}

/** Why a PodDisruptionBudget refuses an eviction; null if the refusal has another cause, such as throttling. */
function budgetOf({ causes, message }: KubeError): string | null {
  const cause = causes.find(({ reason }) => reason === 'DisruptionBudget');
  return cause === undefined ? null : cause.message || message;
}
