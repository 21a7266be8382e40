/**
 * Keeps a copy of all objects of one kind: it lists, then watches, and retries forever. client-node's informer stops at
 * the first error other than 410, and waits forever on a connection whose peer died without closing it.
 */
import { backoffMs } from './backoff.ts';
import { pause } from './clock.ts';
import { isKubeError, KubeError } from './errors.ts';
import { isOlder } from './resource-version.ts';
import { Store } from './store.ts';
import type { Cache, Change, Clock, Kind, KubeApi, KubeObject, Random, Scope, Stored, WatchEvent } from './types.ts';

export interface CacheTimes {
  /**
   * How long a watch may last, less a random part of up to a fifth. The API server sends a bookmark before it ends the
   * watch.
   */
  readonly watchMs: number;
  /** A watch that delivers nothing for this long counts as dead. Must be longer than `watchMs`. */
  readonly idleMs: number;
  /** How often to list everything again, in case a watch missed something; jittered like `watchMs`. */
  readonly relistMs: number;
  readonly backoff: { readonly firstMs: number; readonly mostMs: number };
}

export const defaultCacheTimes: CacheTimes = {
  watchMs: 30_000,
  idleMs: 40_000,
  relistMs: 600_000,
  backoff: { firstMs: 250, mostMs: 15_000 },
};

export interface CacheObserver {
  listed(kind: string, count: number, durationMs: number): void;
  /** Called when a list or watch failed and will be retried; 410 (Gone) and a silent watch count as failures. */
  failed(kind: string, error: KubeError, retryInMs: number): void;
}

export interface CacheOptions<T extends KubeObject> {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly kind: Kind<T>;
  readonly scope: Scope;
  readonly times?: CacheTimes;
  readonly observer?: CacheObserver;
}

/** Starts to list and watch at once, until the returned cache is stopped. */
export function startCache<T extends KubeObject>(options: CacheOptions<T>): Cache<T> {
  return new ReflectedCache(options);
}

class ReflectedCache<T extends KubeObject> implements Cache<T> {
  readonly kind: Kind<T>;
  readonly synced: Promise<void>;
  readonly #api: KubeApi;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #scope: Scope;
  readonly #times: CacheTimes;
  readonly #observer: CacheObserver | undefined;
  readonly #store = new Store<T>();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #resolveSynced: () => void = () => {};
  #hasSynced = false;
  #lastContactMs = Number.NEGATIVE_INFINITY;
  /** The version up to which the cache has seen every change; null if it must list first. */
  #resourceVersion: string | null = null;
  #relistAtMs = Number.NEGATIVE_INFINITY;

  constructor({ api, clock, random, kind, scope, times, observer }: CacheOptions<T>) {
    this.kind = kind;
    this.#api = api;
    this.#clock = clock;
    this.#random = random;
    this.#scope = scope;
    this.#times = times ?? defaultCacheTimes;
    this.#observer = observer;
    this.synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
    this.#running = this.#run();
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get lastContactMs(): number {
    return this.#lastContactMs;
  }

  get(namespace: string, name: string): Stored<T> | null {
    return this.#store.get(namespace, name);
  }

  list(namespace?: string): readonly Stored<T>[] {
    return this.#store.list(namespace);
  }

  ownedBy(uid: string): readonly Stored<T>[] {
    return this.#store.ownedBy(uid);
  }

  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (this.#resourceVersion === null || this.#clock.nowMs() >= this.#relistAtMs) await this.#list();
        await this.#watch(() => {
          failures = 0;
        });
      } catch (error) {
        // Any other error is a bug here or in a listener, and must crash the process rather than be retried in silence.
        if (!isKubeError(error)) throw error;
        if (signal.aborted) return;
        failures += 1;
        const delayMs = Math.max(backoffMs(this.#times.backoff, failures, this.#random), error.retryAfterMs ?? 0);
        this.#observer?.failed(this.kind.kind, error, delayMs);
        await pause(this.#clock, delayMs, signal);
      }
    }
  }

  async #list(): Promise<void> {
    const beganMs = this.#clock.nowMs();
    const { signal } = this.#stopping;
    const { items, resourceVersion } = await this.#api.list(this.kind, this.#scope, { signal });
    this.#lastContactMs = this.#clock.nowMs();
    this.#resourceVersion = resourceVersion;
    this.#relistAtMs = this.#lastContactMs + this.#jittered(this.#times.relistMs);
    const changes = this.#store.replace(items);
    this.#hasSynced = true;
    this.#tell(changes);
    this.#resolveSynced();
    this.#observer?.listed(this.kind.kind, items.length, this.#lastContactMs - beganMs);
  }

  /**
   * Resolves when the API server ends the watch. Throws KubeError if it fails, falls silent or sends invalid events.
   */
  async #watch(alive: () => void): Promise<void> {
    const watchMs = this.#jittered(this.#times.watchMs);
    const watching = new AbortController();
    const stop = () => watching.abort();
    this.#stopping.signal.addEventListener('abort', stop);
    const events = this.#api
      .watch(this.kind, this.#scope, {
        resourceVersion: this.#resourceVersion!,
        timeoutSeconds: Math.ceil(watchMs / 1000),
        signal: watching.signal,
      })
      [Symbol.asyncIterator]();
    const began = this.#clock.nowMs();
    let heard = false;
    try {
      for (;;) {
        const next = await this.#nextOrSilence(events);
        if (next.done === true) break;
        heard = true;
        alive();
        this.#lastContactMs = this.#clock.nowMs();
        this.#take(next.value);
      }
      // Without even a bookmark, the version may lie in the future of the API server, as after the restore of an etcd
      // backup, whose versions are lower: such a watch stays silent forever, so list again.
      if (!heard) this.#resourceVersion = null;
      if (this.#clock.nowMs() - began < watchMs / 2) {
        // An API server that shuts down, or a proxy, ends watches early. Without a backoff, retries would flood it.
        throw new KubeError('Unreachable', `watch ${this.kind.kind}: ended early`);
      }
      alive();
    } catch (error) {
      // A watch that delivered something has a valid version: the next watch goes on from there, without a list.
      if (!heard || isKubeError(error, 'Gone')) this.#resourceVersion = null;
      throw error;
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
      stop();
    }
  }

  /** The next event. Throws KubeError `Timeout` after the idle time, since a dead peer never ends the stream. */
  #nextOrSilence(events: AsyncIterator<WatchEvent<T>>): Promise<IteratorResult<WatchEvent<T>>> {
    return new Promise((resolve, reject) => {
      const { idleMs } = this.#times;
      const timer = this.#clock.after(idleMs, () => {
        this.#resourceVersion = null;
        reject(new KubeError('Timeout', `watch ${this.kind.kind}: nothing heard for ${idleMs / 1000} s`));
      });
      events
        .next()
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      this.#advance(event.resourceVersion);
      return;
    }
    const { object } = event;
    const { namespace = '', name, uid, resourceVersion } = object.metadata;
    const known = this.#store.get(namespace, name);
    if (!this.#advance(resourceVersion)) {
      const isRepeated =
        known === null ? event.type === 'DELETED' : !isOlder(known.metadata.resourceVersion, resourceVersion);
      if (isRepeated) return;
      // This event is older than others already seen: it may be outdated or the latest on its object. A list decides.
      this.#resourceVersion = null;
      throw new KubeError('ServerError', `watch ${this.kind.kind}: events out of order at ${resourceVersion}`);
    }
    if (event.type !== 'DELETED') this.#tell(this.#store.put(object));
    else if (known?.metadata.uid === uid) this.#tell(this.#store.remove(known));
  }

  /** Returns false if the version is older than one that the watch has already delivered. */
  #advance(resourceVersion: string): boolean {
    if (!isOlder(this.#resourceVersion!, resourceVersion)) return resourceVersion === this.#resourceVersion;
    this.#resourceVersion = resourceVersion;
    return true;
  }

  #tell(changes: readonly Change<T>[]): void {
    for (const change of changes) {
      for (const listener of this.#listeners) listener(change);
    }
  }

  #jittered(ms: number): number {
    return ms * (1 - this.#random() / 5);
  }
}
