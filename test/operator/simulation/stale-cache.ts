/** A cache whose watch is late, or lost for a while: it holds what was there when it last heard of anything. */
import type { Cache, Kind, KubeObject, Stored } from '../../../operator/kube/types.ts';
import { copy, type ObjectStore } from './object-store.ts';

export class StaleCache<T extends KubeObject> implements Cache<T> {
  readonly kind: Kind<T>;
  readonly synced: Promise<void> = Promise.resolve();
  readonly hasSynced = true;
  readonly lastContactMs = 0;
  readonly #store: ObjectStore;
  readonly #label: string | null;
  #objects: readonly Stored<T>[] = [];

  /** @param label that the watch selects objects by; null when it selects all */
  constructor(kind: Kind<T>, store: ObjectStore, label: string | null) {
    this.kind = kind;
    this.#store = store;
    this.#label = label;
    this.catchUp();
  }

  catchUp(): void {
    const all = this.#store.list(this.kind.kind);
    const selected = all.filter(({ metadata }) => this.#label === null || metadata.labels?.[this.#label] !== undefined);
    this.#objects = copy(selected) as unknown as readonly Stored<T>[];
  }

  get(namespace: string, name: string): Stored<T> | null {
    return this.list(namespace).find(({ metadata }) => metadata.name === name) ?? null;
  }

  list(namespace?: string): readonly Stored<T>[] {
    return this.#objects.filter(({ metadata }) => namespace === undefined || (metadata.namespace ?? '') === namespace);
  }

  ownedBy(owner: string): readonly Stored<T>[] {
    return this.#objects.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner) === true);
  }

  onChange(): () => void {
    return () => undefined;
  }

  async stop(): Promise<void> {}
}
