/** A KubeApi that holds objects in memory and keeps their preconditions; it notes every write. */
import { KubeError } from '../../kube/errors.ts';
import type {
  ApplyOptions,
  DeleteOptions,
  Eviction,
  EvictOptions,
  Kind,
  KubeApi,
  KubeObject,
  ObjectName,
  PatchOptions,
  Preconditions,
  Stored,
} from '../../kube/types.ts';

export type Write = {
  readonly verb: string;
  readonly object: string;
  readonly options: object;
  readonly body?: unknown;
};

export class MemoryApi implements KubeApi {
  readonly writes: Write[] = [];
  readonly #objects = new Map<string, Stored<KubeObject>>();
  #version = 100;
  eviction: Eviction = { outcome: 'Evicted' };

  put(kind: string, object: object): void {
    const { metadata } = object as { metadata: { name: string } };
    this.#objects.set(`${kind}/${metadata.name}`, object as Stored<KubeObject>);
  }

  get<T extends KubeObject>(kind: Kind<T>, { name }: ObjectName): Promise<Stored<T> | null> {
    return Promise.resolve((this.#objects.get(`${kind.kind}/${name}`) as Stored<T> | undefined) ?? null);
  }

  list<T extends KubeObject>(kind: Kind<T>): Promise<{ items: readonly Stored<T>[]; resourceVersion: string }> {
    const items = [...this.#objects].filter(([key]) => key.startsWith(`${kind.kind}/`)).map(([, object]) => object);
    return Promise.resolve({ items: items as unknown as Stored<T>[], resourceVersion: String(this.#version) });
  }

  watch(): never {
    throw new Error('nobody watches here');
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T, options = {}): Promise<Stored<T>> {
    const key = this.#note('create', kind.kind, object.metadata?.name ?? '', options, object);
    if (this.#objects.has(key)) throw new KubeError('AlreadyExists', `${key} exists`);
    return this.#store(key, object);
  }

  async apply<T extends KubeObject>(kind: Kind<T>, object: T, options: ApplyOptions = {}): Promise<Stored<T>> {
    const key = this.#note('apply', kind.kind, object.metadata?.name ?? '', options, object);
    if (options.uid !== undefined || options.resourceVersion !== undefined) this.#check(key, options);
    return this.#store(key, object);
  }

  async patch<T extends KubeObject>(
    kind: Kind<T>,
    { name }: ObjectName,
    patch: Readonly<Record<string, unknown>>,
    options: PatchOptions = {},
  ): Promise<Stored<T>> {
    const key = this.#note('patch', kind.kind, name, options, patch);
    this.#check(key, options);
    return this.#objects.get(key) as Stored<T>;
  }

  async delete<T extends KubeObject>(
    kind: Kind<T>,
    { name }: ObjectName,
    options: DeleteOptions = {},
  ): Promise<'Accepted' | 'Absent'> {
    const key = this.#note('delete', kind.kind, name, options);
    if (!this.#objects.has(key)) return 'Absent';
    this.#check(key, options);
    this.#objects.delete(key);
    return 'Accepted';
  }

  async evict({ name }: ObjectName, options: EvictOptions = {}): Promise<Eviction> {
    const key = this.#note('evict', 'Pod', name, options);
    this.#check(key, options);
    return this.eviction;
  }

  #note(verb: string, kind: string, name: string, options: object, body?: unknown): string {
    this.writes.push({ verb, object: `${kind}/${name}`, options, ...(body === undefined ? {} : { body }) });
    return `${kind}/${name}`;
  }

  #check(key: string, { uid, resourceVersion }: Preconditions): void {
    const metadata = this.#objects.get(key)?.metadata;
    if (metadata === undefined) throw new KubeError('NotFound', `${key} is not there`);
    if (uid !== undefined && uid !== metadata.uid) throw new KubeError('Conflict', `${key} is another one`);
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
      throw new KubeError('Conflict', `${key} has changed`);
    }
  }

  #store<T extends KubeObject>(key: string, object: T): Stored<T> {
    this.#version += 1;
    const uid = this.#objects.get(key)?.metadata.uid ?? `uid of ${key}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(this.#version) } };
    this.#objects.set(key, stored as unknown as Stored<KubeObject>);
    return stored as unknown as Stored<T>;
  }
}
