/**
 * The Kubernetes API as one operator process meets it. The process can be killed right after any one write, be so slow
 * before one that its leadership is not certain any more, or be stopped there and revived later; whatever it sends then is
 * judged by its preconditions alone.
 */
import { KubeError } from '../../../operator/kube/errors.ts';
import type {
  ApplyOptions,
  DeleteOptions,
  Eviction,
  EvictOptions,
  Kind,
  KubeApi,
  KubeObject,
  ObjectList,
  ObjectName,
  PatchOptions,
  RequestOptions,
  Scope,
  Stored,
  WatchEvent,
} from '../../../operator/kube/types.ts';
import { copy, type Fields, isFields, type Live, type ObjectStore } from './object-store.ts';

export type Fault = { readonly kind: 'Kill' | 'Pause' | 'Slow'; readonly atWrite: number } | null;

/** Of one process: counts its writes, and brings its fault about. */
export class Gate {
  readonly nowMs: () => number;
  readonly #outlastLeadership: () => void;
  fault: Fault = null;
  writes = 0;
  isDead = false;
  /** Resolves when it is revived; null while it is not stopped. */
  paused: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;

  /** @param outlastLeadership lets more time pass than a lease is valid */
  constructor(nowMs: () => number, outlastLeadership: () => void) {
    this.nowMs = nowMs;
    this.#outlastLeadership = outlastLeadership;
  }

  async write<T>(perform: () => T, notAfterMs = Number.POSITIVE_INFINITY): Promise<T> {
    this.read();
    if (this.fault?.kind === 'Slow' && this.writes + 1 === this.fault.atWrite) {
      this.fault = null;
      this.#outlastLeadership();
    }
    if (this.nowMs() >= notAfterMs) throw new KubeError('TooLate', 'not sent');
    this.writes += 1;
    if (this.fault?.kind === 'Pause' && this.writes === this.fault.atWrite) {
      this.paused = Promise.withResolvers<void>();
      await this.paused.promise;
      this.paused = null;
    }
    const result = perform();
    if (this.fault?.kind === 'Kill' && this.writes === this.fault.atWrite) {
      this.isDead = true;
      this.read();
    }
    return result;
  }

  read(): void {
    if (this.isDead) throw new KubeError('Aborted', 'this process was killed');
  }
}

/** What stands between the operator and the objects. */
export type Admission = {
  /** An admission webhook refuses what is written of these kinds; of pods their labels alone. */
  readonly refusedKinds: ReadonlySet<string>;
  /** Of each write that has happened: the kind, or `status`. */
  readonly wrote: (what: string) => void;
};

export class SimApi implements KubeApi {
  readonly #store: ObjectStore;
  readonly #gate: Gate;
  readonly #admission: Admission;
  /** What each object was last given by apply, by uid: fields that are given no more go. */
  readonly #applied: Map<string, Fields>;
  readonly #evict: (pod: Live) => Eviction;

  constructor(
    store: ObjectStore,
    gate: Gate,
    admission: Admission,
    applied: Map<string, Fields>,
    evict: (pod: Live) => Eviction,
  ) {
    this.#store = store;
    this.#gate = gate;
    this.#admission = admission;
    this.#applied = applied;
    this.#evict = evict;
  }

  async get<T extends KubeObject>(kind: Kind<T>, { namespace, name }: ObjectName): Promise<Stored<T> | null> {
    this.#gate.read();
    return handedOut<T>(this.#store.get(kind.kind, namespace, name));
  }

  async list<T extends KubeObject>(kind: Kind<T>, scope: Scope): Promise<ObjectList<T>> {
    this.#gate.read();
    const items = this.#store.list(kind.kind).filter((object) => isIn(object, scope));
    return { items: items.map((object) => handedOut<T>(object)!), resourceVersion: '1' };
  }

  watch<T extends KubeObject>(): AsyncIterable<WatchEvent<T>> {
    throw new Error('nothing watches here: caches are filled by the simulation');
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T, options: RequestOptions = {}): Promise<Stored<T>> {
    this.#admit('create', kind.kind);
    return this.#gate.write(() => {
      this.#admission.wrote(kind.kind);
      const created = this.#store.create(object as unknown as Fields);
      this.#applied.set(created.metadata.uid, copy(object as unknown as Fields));
      return handedOut<T>(created)!;
    }, options.notAfterMs);
  }

  async apply<T extends KubeObject>(kind: Kind<T>, object: T, options: ApplyOptions = {}): Promise<Stored<T>> {
    this.#admit('apply', kind.kind);
    return this.#gate.write(() => {
      this.#admission.wrote(kind.kind);
      const { namespace = '', name = '' } = object.metadata ?? {};
      const live = this.#store.get(kind.kind, namespace, name);
      const given = copy(object as unknown as Fields);
      if (live === null) {
        const mayCreate = options.uid === undefined && options.resourceVersion === undefined;
        if (!mayCreate) throw new KubeError('NotFound', `${kind.kind} ${name} is not there`);
        const created = this.#store.create(given);
        this.#applied.set(created.metadata.uid, given);
        return handedOut<T>(created)!;
      }
      const patch = withRemovals(this.#applied.get(live.metadata.uid) ?? {}, given);
      this.#applied.set(live.metadata.uid, given);
      return handedOut<T>(this.#store.patch(kind.kind, namespace, name, patch, options))!;
    }, options.notAfterMs);
  }

  async patch<T extends KubeObject>(
    kind: Kind<T>,
    { namespace, name }: ObjectName,
    patch: Readonly<Record<string, unknown>>,
    options: PatchOptions = {},
  ): Promise<Stored<T>> {
    this.#admit('patch', kind.kind);
    return this.#gate.write(() => {
      const patched = this.#store.patch(kind.kind, namespace, name, copy(patch), options);
      this.#admission.wrote(options.subresource ?? kind.kind);
      return handedOut<T>(patched)!;
    }, options.notAfterMs);
  }

  async delete<T extends KubeObject>(
    kind: Kind<T>,
    { namespace, name }: ObjectName,
    options: DeleteOptions = {},
  ): Promise<'Accepted' | 'Absent'> {
    const isGraceful = kind.kind === 'Pod' && options.gracePeriodSeconds !== 0;
    if (kind.kind !== 'Pod') this.#admit('delete', kind.kind);
    return this.#gate.write(() => {
      const answer = this.#store.delete(kind.kind, namespace, name, options, isGraceful);
      this.#admission.wrote(kind.kind);
      return answer;
    }, options.notAfterMs);
  }

  evict({ namespace, name }: ObjectName, options: EvictOptions = {}): Promise<Eviction> {
    return this.#gate.write((): Eviction => {
      const pod = this.#store.get('Pod', namespace, name);
      if (pod === null) return { outcome: 'Absent' };
      const { uid, resourceVersion } = pod.metadata;
      if ((options.uid ?? uid) !== uid || (options.resourceVersion ?? resourceVersion) !== resourceVersion) {
        throw new KubeError('Conflict', `pod ${name} has changed`);
      }
      const eviction = this.#evict(pod);
      if (eviction.outcome === 'Evicted') this.#admission.wrote('Pod');
      return eviction;
    }, options.notAfterMs);
  }

  /** A refusal changes nothing, so it counts as no write. */
  #admit(verb: string, kind: string): void {
    this.#gate.read();
    if (!this.#admission.refusedKinds.has(kind)) return;
    throw new KubeError('Forbidden', `${verb} ${kind}: admission webhook "strict" denied the request`);
  }
}

function handedOut<T extends KubeObject>(live: Live | null): Stored<T> | null {
  return live === null ? null : (copy(live) as unknown as Stored<T>);
}

function isIn(object: Live, { namespace, labelSelector }: Scope): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  if (labelSelector === undefined) return true;
  const labels = object.metadata.labels ?? {};
  return labelSelector.split(',').every((part) => {
    const [key = '', value] = part.split('=');
    return value === undefined ? key in labels : labels[key] === value;
  });
}

/** The fields given, and null for those that were given before and are not any more. */
function withRemovals(before: Fields, given: Fields): Fields {
  const patch: Fields = { ...given };
  for (const [key, value] of Object.entries(before)) {
    const now = given[key];
    if (now === undefined) patch[key] = null;
    else if (isFields(value) && isFields(now)) patch[key] = withRemovals(value, now);
  }
  return patch;
}
