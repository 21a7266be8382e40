/**
 * Keeps a copy of all objects of one kind: lists, watches, and never gives up. client-node's own informer stops at the
 * first error that is not 410, and waits for ever on a connection that died without a word.
 */
import { backoffMs } from './backoff.ts';
import { pause } from './clock.ts';
import { isKubeError, KubeError } from './errors.ts';
import { isOlder } from './resource-version.ts';
import { Store } from './store.ts';
import type { Cache, Change, Clock, Kind, KubeApi, KubeObject, Random, Scope, Stored, WatchEvent } from './types.ts';

export interface CacheTimes {
  /** A watch is asked to end after that time, jittered down by up to a fifth; before it ends comes a bookmark. */
  readonly watchMs: number;
  /** Nothing at all for so long, and the watch counts as dead: longer than `watchMs`. */
  readonly idleMs: number;
  /** Everything is listed again so often, whatever the watch says; jittered as above. */
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
  /** A list or watch failed and will be tried again; also for 410 and silence. */
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

/** Begins at once. */
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
  /** Up to where it has seen everything; null: list. */
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
        // What is no KubeError is a mistake of ours, or of a listener: it must not be retried in silence.
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

  /** Until the API server ends it. Throws KubeError when it fails, falls silent or delivers nonsense. */
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
      // Not even a bookmark: it may be that from this version on nothing ever comes, as after a restored backup, when
      // versions begin anew; the API server then waits in silence.
      if (!heard) this.#resourceVersion = null;
      if (this.#clock.nowMs() - began < watchMs / 2) {
        // An API server that shuts down, or a proxy in between: at once again, and again, would be a storm.
        throw new KubeError('Unreachable', `watch ${this.kind.kind}: ended early`);
      }
      alive();
    } catch (error) {
      // What fails after it brought something is gone on with.
      if (!heard || isKubeError(error, 'Gone')) this.#resourceVersion = null;
      throw error;
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
      stop();
    }
  }

  /** The next event, but not for longer than the idle time: a dead peer sends no end of the stream. */
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
      // It might bring back what is gone, or be the last word on it: only a list tells.
      this.#resourceVersion = null;
      throw new KubeError('ServerError', `watch ${this.kind.kind}: events out of order at ${resourceVersion}`);
    }
    if (event.type !== 'DELETED') this.#tell(this.#store.put(object));
    else if (known?.metadata.uid === uid) this.#tell(this.#store.remove(known));
  }

  /** False when the watch went back. */
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
