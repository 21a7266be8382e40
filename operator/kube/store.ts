/** The objects of one cache, indexed by name and by owner. Every stored object is deep-frozen. */
import { deepFreeze } from './freeze.ts';
import type { Change, KubeObject, Stored } from './types.ts';

export class Store<T extends KubeObject> {
  readonly #byName = new Map<string, Stored<T>>();
  readonly #namesByOwner = new Map<string, Set<string>>();

  get(namespace: string, name: string): Stored<T> | null {
    return this.#byName.get(nameKey(namespace, name)) ?? null;
  }

  list(namespace?: string): readonly Stored<T>[] {
    const all = [...this.#byName.values()];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  ownedBy(uid: string): readonly Stored<T>[] {
    return [...(this.#namesByOwner.get(uid) ?? [])].map((name) => this.#byName.get(name)!);
  }

  put(object: Stored<T>): Change<T>[] {
    const { namespace = '', name, uid, resourceVersion } = object.metadata;
    const before = this.get(namespace, name);
    // An object that was deleted and created again under its name is a different one, so report a deletion first.
    if (before !== null && before.metadata.uid !== uid) return [...this.remove(before), ...this.put(object)];
    if (before?.metadata.resourceVersion === resourceVersion) return [];
    const after = deepFreeze(withoutManagedFields(object));
    if (before !== null) this.#forget(before);
    this.#byName.set(keyOf(after), after);
    for (const { uid: owner } of after.metadata.ownerReferences ?? []) {
      const names = this.#namesByOwner.get(owner);
      if (names === undefined) this.#namesByOwner.set(owner, new Set([keyOf(after)]));
      else names.add(keyOf(after));
    }
    return [{ namespace, name, before, after }];
  }

  remove({ metadata: { namespace = '', name } }: Stored<T>): Change<T>[] {
    const before = this.get(namespace, name);
    if (before === null) return [];
    this.#forget(before);
    return [{ namespace, name, before, after: null }];
  }

  /** Replaces the contents by these objects, and returns the changes, including deletions that a watch missed. */
  replace(objects: readonly Stored<T>[]): Change<T>[] {
    const kept = new Set(objects.map(keyOf));
    const gone = this.list().filter((object) => !kept.has(keyOf(object)));
    return [...gone.flatMap((object) => this.remove(object)), ...objects.flatMap((object) => this.put(object))];
  }

  #forget(object: Stored<T>): void {
    const key = keyOf(object);
    this.#byName.delete(key);
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const names = this.#namesByOwner.get(uid);
      names?.delete(key);
      if (names?.size === 0) this.#namesByOwner.delete(uid);
    }
  }
}

function keyOf({ metadata }: Stored<KubeObject>): string {
  return nameKey(metadata.namespace ?? '', metadata.name);
}

function nameKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Drops managedFields, which often take up half of an object and which no reader of a cache uses. */
function withoutManagedFields<T extends KubeObject>(object: Stored<T>): Stored<T> {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
