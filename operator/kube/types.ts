/**
 * The door between the operator and the Kubernetes API: what the rest of the operator may ask of it, and what it may
 * rely on. The real one is over HTTP (api.ts); a simulation implements the same interfaces.
 */
import type { V1ObjectMeta } from '@kubernetes/client-node';

/**
 * A type of client-node's models as it is in JSON: dates are strings, `_continue` is `continue`, nothing may be
 * written to. Objects from a cache are deep-frozen; to change one, build another.
 */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer E)[]
    ? readonly Wire<E>[]
    : T extends object
      ? { readonly [K in keyof T as K extends `_${infer Name}` ? Name : K]: Wire<T[K]> }
      : T;

export type ObjectMeta = Wire<V1ObjectMeta>;

/** What every object has. Without `status`, `uid` and so on: it may be one that is not stored yet. */
export interface KubeObject {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata?: ObjectMeta | undefined;
}

/** An object as the API server returned it. `namespace` is `''` for what lies in no namespace. */
export type Stored<T extends KubeObject> = T & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta & { readonly name: string; readonly uid: string; readonly resourceVersion: string };
};

/** One kind of object and its TypeScript type; see kinds.ts. `T` is only there for the compiler. */
export interface Kind<T extends KubeObject> {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  /** `StatefulSet`. */
  readonly kind: string;
  /** `statefulsets`, as in a URL. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly objectType?: T;
}

/** `namespace` is `''` for what lies in no namespace. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** Which objects of a kind: absent `namespace` means all. The selector as kubectl writes it. */
export interface Scope {
  readonly namespace?: string;
  readonly labelSelector?: string;
}

export type KubeErrorCode =
  /** The object (or its namespace) is not there. */
  | 'NotFound'
  /** The API server knows no such kind: its CRD is not installed. */
  | 'KindNotServed'
  /** A precondition (resourceVersion, uid) does not hold any more, or another manager owns a field. Read again. */
  | 'Conflict'
  | 'AlreadyExists'
  /** The resourceVersion asked for is compacted away: list again. */
  | 'Gone'
  /** Refused by schema or CEL; `causes` says which fields. */
  | 'Invalid'
  | 'BadRequest'
  /** Still throttled at the end of the deadline; `retryAfterMs`. */
  | 'TooManyRequests'
  | 'Unauthorized'
  /** RBAC, quota, or a namespace that is being deleted (then `causes` has `NamespaceTerminating`). */
  | 'Forbidden'
  /** 5xx. A write may have happened. */
  | 'ServerError'
  /** No answer: connection refused or lost. A write may have happened. */
  | 'Unreachable'
  /** No answer within the deadline. A write may have happened. */
  | 'Timeout'
  /** Not sent, because `notAfterMs` had passed. */
  | 'TooLate'
  /** The caller's signal. A write may have happened. */
  | 'Aborted';

export interface KubeErrorCause {
  /** As `FieldValueInvalid` or `NamespaceTerminating`. */
  readonly reason: string;
  readonly message: string;
  /** As `spec.replicas`. */
  readonly field: string;
}

export interface RequestOptions {
  /** Whole time for this request, with its waits and retries, milliseconds; absent: the client's default (10 s). */
  readonly deadlineMs?: number;
  /**
   * Monotonic time (Clock.nowMs) after which the request is not sent any more (`TooLate`), also when throttling would
   * hold it back so long, and no answer is waited for. Give it `Leadership.validUntilMs` for every write of a pass.
   */
  readonly notAfterMs?: number;
  readonly signal?: AbortSignal;
}

/** What must still be true of the object when the write reaches it; otherwise `Conflict`. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export type Subresource = 'status' | 'scale';

export interface ApplyOptions extends RequestOptions, Preconditions {
  readonly subresource?: Subresource;
}

export interface PatchOptions extends RequestOptions, Preconditions {
  readonly subresource?: Subresource;
}

export interface DeleteOptions extends RequestOptions, Preconditions {
  /** 0 removes a pod from the API without waiting for its node. */
  readonly gracePeriodSeconds?: number;
}

export type EvictOptions = RequestOptions & Preconditions;

export type Eviction =
  | { readonly outcome: 'Evicted' }
  | { readonly outcome: 'Absent' }
  /** A PodDisruptionBudget says no; `message` is the API server's sentence and names the budget. */
  | { readonly outcome: 'Refused'; readonly message: string; readonly retryAfterMs: number | null };

export interface ObjectList<T extends KubeObject> {
  readonly items: readonly Stored<T>[];
  /** Where a watch may go on from. */
  readonly resourceVersion: string;
}

export interface ListOptions extends RequestOptions {
  /**
   * `'0'`: whatever the API server has in its cache, possibly old, cheap for it. Absent: nothing older than what was
   * acknowledged before this call (a read of etcd with quorum).
   */
  readonly resourceVersion?: '0';
  /** Objects a page; absent: 500. */
  readonly pageSize?: number;
}

export interface WatchOptions {
  readonly resourceVersion: string;
  /** The API server ends the watch after that time. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<T> }
  /** Nothing changed up to here. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/**
 * The Kubernetes API. Every call ends: with its answer or with a KubeError (errors.ts), within its deadline. `get` and
 * `list` are fresh reads, never from a cache. Throttling (429) is waited for and retried within the deadline, because
 * it was not processed; nothing else is retried here.
 */
export interface KubeApi {
  /** Reads one object; null when it is not there. */
  get<T extends KubeObject>(kind: Kind<T>, name: ObjectName, options?: RequestOptions): Promise<Stored<T> | null>;

  /** Reads all pages, which are of one moment. */
  list<T extends KubeObject>(kind: Kind<T>, scope: Scope, options?: ListOptions): Promise<ObjectList<T>>;

  /**
   * Changes after a resourceVersion, with bookmarks. Ends when the API server ends it; throws KubeError: `Gone` also
   * when it comes as an ERROR event. Has no deadline: silence is for the reader to notice.
   */
  watch<T extends KubeObject>(kind: Kind<T>, scope: Scope, options: WatchOptions): AsyncIterable<WatchEvent<T>>;

  /** Creates it; throws `AlreadyExists` when there is one of that name. */
  create<T extends KubeObject>(kind: Kind<T>, object: T, options?: RequestOptions): Promise<Stored<T>>;

  /**
   * Server-side apply as field manager `quorate`: creates it, or makes the given fields so and removes those that this
   * manager set earlier and gives no more. Writes nothing when nothing changes. With `uid` it does not create (`Conflict`);
   * a `resourceVersion` without `uid` is a TypeError, since the API server would create with it. What was made with
   * `create` keeps its fields for good, unless its entry in `managedFields` is first made one of applying.
   */
  apply<T extends KubeObject>(kind: Kind<T>, object: T, options?: ApplyOptions): Promise<Stored<T>>;

  /** Sends a JSON merge patch: a null removes a field, a list replaces the whole list. */
  patch<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    patch: Readonly<Record<string, unknown>>,
    options?: PatchOptions,
  ): Promise<Stored<T>>;

  /**
   * Deletes it; what it owns goes in the background. Accepted is not gone: finalizers and grace periods may hold it.
   */
  delete<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<'Accepted' | 'Absent'>;

  /** Deletes a pod if its disruption budgets allow. */
  evict(pod: ObjectName, options?: EvictOptions): Promise<Eviction>;
}

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic time in milliseconds, with fractions. */
  nowMs(): number;
  /** Wall clock in milliseconds since 1970; it may jump. */
  wallMs(): number;
  /** Calls back once, not before `delayMs` from now. Does not keep the process alive by itself. */
  after(delayMs: number, callback: () => void): Timer;
}

/** A random number, uniform in [0, 1), as from Math.random. */
export type Random = () => number;

export interface Change<T extends KubeObject> extends ObjectName {
  /** The object as it was; null when it is new. */
  readonly before: Stored<T> | null;
  /** The object as it is now; null when it is gone. */
  readonly after: Stored<T> | null;
}

/** A copy of all objects of one kind in a scope, kept up to date for ever; it may lag behind. */
export interface Cache<T extends KubeObject> {
  readonly kind: Kind<T>;
  /** Resolves after the first complete list. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /** Monotonic time at which the API server last said anything (event, bookmark, list); -Infinity before. */
  readonly lastContactMs: number;
  get(namespace: string, name: string): Stored<T> | null;
  /** All objects of one namespace, or of all; in no order. */
  list(namespace?: string): readonly Stored<T>[];
  /** Those with an ownerReference to this uid. */
  ownedBy(uid: string): readonly Stored<T>[];
  /**
   * Called after the cache has changed, once an object; also for what was missed during a gap. Returns the way to end
   * it.
   */
  onChange(listener: (change: Change<T>) => void): () => void;
  stop(): Promise<void>;
}

/** Who may act. Ask for every pass, and give `validUntilMs` to every write. */
export interface Leadership {
  readonly isLeader: boolean;
  /**
   * Monotonic time (Clock.nowMs) until which no other can be leader, counted from before the last successful renewal
   * was sent; -Infinity when this one is not leader.
   */
  readonly validUntilMs: number;
}

/** What an event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly uid: string };
}

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** Why, in one CamelCase word, as `MemberRemoved`. */
  readonly reason: string;
  /** What was done, as a verb in CamelCase, as `RemoveMember`. */
  readonly action: string;
  /** A sentence for the user. */
  readonly message: string;
}

/** Writes Kubernetes events. Returns at once and never throws: an event is worth less than the pass it tells of. */
export interface EventRecorder {
  record(subject: EventSubject, note: EventNote): void;
}
