/** The objects of a simulated API server: resourceVersions, generations, preconditions, finalizers. */
import { KubeError } from '../../../operator/kube/errors.ts';
import type { KubeObject, ObjectMeta, Preconditions, Stored } from '../../../operator/kube/types.ts';

export type Fields = { [key: string]: unknown };
export type Live = Fields & { apiVersion: string; kind: string; metadata: Mutable<Stored<KubeObject>['metadata']> };
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** `Pod/n/c-0` */
export const keyOf = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

export class ObjectStore {
  readonly objects = new Map<string, Live>();
  readonly #nowIso: () => string;
  #version = 1;
  #uids = 0;

  constructor(nowIso: () => string) {
    this.#nowIso = nowIso;
  }

  get(kind: string, namespace: string, name: string): Live | null {
    return this.objects.get(keyOf(kind, namespace, name)) ?? null;
  }

  list(kind: string): Live[] {
    return [...this.objects.values()].filter((object) => object.kind === kind);
  }

  create(object: Fields): Live {
    const { kind, apiVersion } = object as { kind: string; apiVersion: string };
    const metadata = object['metadata'] as ObjectMeta & { name: string };
    const { namespace = '', name } = metadata;
    const key = keyOf(kind, namespace, name);
    if (this.objects.has(key)) throw new KubeError('AlreadyExists', `${key} exists`);
    const live: Live = {
      ...copy(object),
      apiVersion,
      kind,
      metadata: {
        ...copy(metadata),
        namespace,
        name,
        uid: `uid-${++this.#uids}`,
        resourceVersion: `${++this.#version}`,
        generation: 1,
        creationTimestamp: this.#nowIso() as never,
      },
    };
    this.objects.set(key, live);
    return live;
  }

  /** JSON merge patch; writes nothing when nothing changes. */
  patch(kind: string, namespace: string, name: string, patch: Fields, preconditions: Preconditions = {}): Live {
    const before = this.#checked(kind, namespace, name, preconditions);
    const after = merge(before, patch) as Live;
    if (JSON.stringify(after) === JSON.stringify(before)) return before;
    const isSpecChanged = JSON.stringify(after['spec']) !== JSON.stringify(before['spec']);
    after.metadata = {
      ...after.metadata,
      resourceVersion: `${++this.#version}`,
      generation: (before.metadata.generation ?? 1) + (isSpecChanged ? 1 : 0),
    };
    this.objects.set(keyOf(kind, namespace, name), after);
    this.#dropIfDone(after);
    return after;
  }

  delete(
    kind: string,
    namespace: string,
    name: string,
    preconditions: Preconditions = {},
    graceful = false,
  ): 'Accepted' | 'Absent' {
    const key = keyOf(kind, namespace, name);
    if (!this.objects.has(key)) return 'Absent';
    const object = this.#checked(kind, namespace, name, preconditions);
    if (!graceful && (object.metadata.finalizers ?? []).length === 0) this.objects.delete(key);
    else if (object.metadata.deletionTimestamp === undefined) {
      this.patch(kind, namespace, name, { metadata: { deletionTimestamp: this.#nowIso() } });
    }
    return 'Accepted';
  }

  #checked(kind: string, namespace: string, name: string, { uid, resourceVersion }: Preconditions): Live {
    const key = keyOf(kind, namespace, name);
    const object = this.objects.get(key);
    if (object === undefined) throw new KubeError('NotFound', `${key} is not there`);
    if (uid !== undefined && uid !== object.metadata.uid) throw new KubeError('Conflict', `${key} is another object`);
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
      throw new KubeError('Conflict', `${key} has changed`);
    }
    return object;
  }

  #dropIfDone({ kind, metadata }: Live): void {
    const isGoing = metadata.deletionTimestamp !== undefined && kind !== 'Pod';
    if (isGoing && (metadata.finalizers ?? []).length === 0) {
      this.objects.delete(keyOf(kind, metadata.namespace ?? '', metadata.name));
    }
  }
}

export function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function merge(before: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const after: Fields = isFields(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete after[key];
    else if (value !== undefined) after[key] = merge(after[key], value);
  }
  return after;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
