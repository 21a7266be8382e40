/**
 * The interfaces between the operator and the Kubernetes API: which calls there are, and what callers may rely on.
 * api.ts implements them over HTTP, the simulation in memory.
 */
import type { V1ObjectMeta } from '@kubernetes/client-node';

/**
 * The JSON form of a type from client-node's models: dates are strings, `_continue` is `continue`, and everything is
 * readonly. Objects from a cache are deep-frozen as well; copy an object to change it.
 */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer E)[]
    ? readonly Wire<E>[]
    : T extends object
      ? { readonly [K in keyof T as K extends `_${infer Name}` ? Name : K]: Wire<T[K]> }
      : T;

export type ObjectMeta = Wire<V1ObjectMeta>;

/** What every Kubernetes object has. It may not be stored yet, so `uid` and `resourceVersion` may be missing. */
export interface KubeObject {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata?: ObjectMeta | undefined;
}

/** An object as the API server returned it. */
export type Stored<T extends KubeObject> = T & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta & { readonly name: string; readonly uid: string; readonly resourceVersion: string };
};

/** A kind of object and its TypeScript type; see kinds.ts. `T` and `objectType` exist only for type inference. */
export interface Kind<T extends KubeObject> {
  /** For example `v1` or `apps/v1`. */
  readonly apiVersion: string;
  /** For example `StatefulSet`. */
  readonly kind: string;
  /** The name in URLs, for example `statefulsets`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly objectType?: T;
}

/** `namespace` is `''` for cluster-scoped objects. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** Which objects of a kind; without `namespace`, those of all namespaces. `labelSelector` has the syntax of kubectl. */
export interface Scope {
  readonly namespace?: string;
  readonly labelSelector?: string;
}

export type KubeErrorCode =
  /** The object or its namespace does not exist. */
  | 'NotFound'
  /** The API server knows no such kind: its CRD is not installed. */
  | 'KindNotServed'
  /** A precondition (resourceVersion, uid) no longer holds, or another field manager owns a field. Read it again. */
  | 'Conflict'
  | 'AlreadyExists'
  /** The requested resourceVersion has been compacted. List again. */
  | 'Gone'
  /** The schema or a CEL rule rejects the object; `causes` names the fields. */
  | 'Invalid'
  | 'BadRequest'
  /** Still throttled at the deadline; `retryAfterMs` says how long to wait. */
  | 'TooManyRequests'
  | 'Unauthorized'
  /** Refused by RBAC, by a quota, or because the namespace is being deleted (`causes` has `NamespaceTerminating`). */
  | 'Forbidden'
  /** HTTP status 5xx, or an invalid response. A write may have been carried out. */
  | 'ServerError'
  /** No answer: the connection was refused or lost. A write may have been carried out. */
  | 'Unreachable'
  /** No answer within the deadline. A write may have been carried out. */
  | 'Timeout'
  /** Not sent, because `notAfterMs` had passed. */
  | 'TooLate'
  /** The caller's signal aborted. A write may have been carried out. */
  | 'Aborted';

export interface KubeErrorCause {
  /** For example `FieldValueInvalid` or `NamespaceTerminating`. */
  readonly reason: string;
  readonly message: string;
  /** For example `spec.replicas`. */
  readonly field: string;
}

export interface RequestOptions {
  /** Time for the whole request, with waits and retries, in milliseconds; default: that of the client (10 s). */
  readonly deadlineMs?: number;
  /**
   * Monotonic time (Clock.nowMs) after which the request is no longer sent (`TooLate`) and its answer no longer
   * awaited. Pass `Leadership.validUntilMs` with every write of a pass, so that a former leader writes nothing.
   */
  readonly notAfterMs?: number;
  readonly signal?: AbortSignal;
}

/** What must still be true of the object when the write is carried out; otherwise the write fails with `Conflict`. */
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
  /** A PodDisruptionBudget forbids the eviction; `message` is the API server's and names the budget. */
  | { readonly outcome: 'Refused'; readonly message: string; readonly retryAfterMs: number | null };

export interface ObjectList<T extends KubeObject> {
  readonly items: readonly Stored<T>[];
  /** The version from which a watch can continue. */
  readonly resourceVersion: string;
}

export interface ListOptions extends RequestOptions {
  /**
   * `'0'` reads the API server's cache, which is cheap but may be outdated. By default the list includes every write
   * that was acknowledged before the call (a quorum read of etcd).
   */
  readonly resourceVersion?: '0';
  /** Objects in each page; default: 500. */
  readonly pageSize?: number;
}

export interface WatchOptions {
  readonly resourceVersion: string;
  /** The API server ends the watch after this time. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<T> }
  /** The watch has delivered every change up to this version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/**
 * The Kubernetes API. Every call except `watch` ends within its deadline, with its result or with a KubeError
 * (errors.ts). `get` and `list` are fresh reads, never from a cache. Requests that the API server throttles (429) are
 * retried within the deadline, since it has not processed them; refused credentials (401) are renewed once. Nothing
 * else is retried.
 */
export interface KubeApi {
  /** Reads one object; null if it does not exist. */
  get<T extends KubeObject>(kind: Kind<T>, name: ObjectName, options?: RequestOptions): Promise<Stored<T> | null>;

  /** Reads all pages, which together show the objects at one resourceVersion. */
  list<T extends KubeObject>(kind: Kind<T>, scope: Scope, options?: ListOptions): Promise<ObjectList<T>>;

  /**
   * The changes after a resourceVersion, and bookmarks. Ends when the API server ends the watch. Throws KubeError, also
   * for an ERROR event (usually `Gone`). Has no deadline: the caller must notice a watch that falls silent.
   */
  watch<T extends KubeObject>(kind: Kind<T>, scope: Scope, options: WatchOptions): AsyncIterable<WatchEvent<T>>;

  /** Creates the object; throws `AlreadyExists` if there is one with that name. */
  create<T extends KubeObject>(kind: Kind<T>, object: T, options?: RequestOptions): Promise<Stored<T>>;

  /**
   * Server-side apply as field manager `quorate`: creates the object, or sets the given fields and removes fields that
   * this manager applied earlier and no longer gives. Writes nothing if nothing changes. With `uid`, it throws
   * `Conflict` instead of creating the object. Throws TypeError for a `resourceVersion` without `uid`, which would not
   * prevent creation. Fields set by `create` are never removed, unless their entry in `managedFields` is first
   * converted to operation `Apply`.
   */
  apply<T extends KubeObject>(kind: Kind<T>, object: T, options?: ApplyOptions): Promise<Stored<T>>;

  /** Sends a JSON merge patch: null removes a field, and a list replaces the whole list. */
  patch<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    patch: Readonly<Record<string, unknown>>,
    options?: PatchOptions,
  ): Promise<Stored<T>>;

  /**
   * Deletes the object, and in the background everything that it owns. After `Accepted` the object may still exist for
   * a while: finalizers and the grace period delay its end.
   */
  delete<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<'Accepted' | 'Absent'>;

  /** Deletes a pod if its PodDisruptionBudgets allow it. */
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
  /** Calls back once, `delayMs` from now or later. A waiting timer does not keep the process alive. */
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

/** A copy of all objects of one kind in a scope. It follows the API server until it is stopped, but may lag behind. */
export interface Cache<T extends KubeObject> {
  readonly kind: Kind<T>;
  /** Resolves after the first complete list. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /** Monotonic time of the last event, bookmark or list from the API server; -Infinity before the first. */
  readonly lastContactMs: number;
  get(namespace: string, name: string): Stored<T> | null;
  /** All objects of one namespace, or of all namespaces, in no particular order. */
  list(namespace?: string): readonly Stored<T>[];
  /** The objects with an ownerReference to this uid. */
  ownedBy(uid: string): readonly Stored<T>[];
  /**
   * Calls the listener for each object that changes, after the cache holds the new state; also for changes that a watch
   * missed and a list then showed. Returns a function that removes the listener.
   */
  onChange(listener: (change: Change<T>) => void): () => void;
  stop(): Promise<void>;
}

/** Whether this operator may act. Check `isLeader` before every pass, and pass `validUntilMs` to every write. */
export interface Leadership {
  readonly isLeader: boolean;
  /**
   * Monotonic time (Clock.nowMs) until which no other operator can be leader, counted from just before the last
   * successful renewal was sent; -Infinity if this one is not the leader.
   */
  readonly validUntilMs: number;
}

/** The object that an event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly uid: string };
}

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** Why, in one CamelCase word, for example `MemberRemoved`. */
  readonly reason: string;
  /** What was done, as a CamelCase verb, for example `RemoveMember`. */
  readonly action: string;
  /** A sentence for the user. */
  readonly message: string;
}

/**
 * Writes Kubernetes events. Returns at once and never throws: a failed event must not fail the pass that it reports.
 */
export interface EventRecorder {
  record(subject: EventSubject, note: EventNote): void;
}
