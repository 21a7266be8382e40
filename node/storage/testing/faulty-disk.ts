/**
 * A disk in memory that can lose power after any operation. What was not synced then survives in some part, sector
 * by sector; names survive one change at a time. Operations of a dead machine are never answered.
 */
import { dirname } from 'node:path';
import type { Disk, DiskFile } from '../disk.ts';

/** Of what was not synced. */
export type Survival = 'None' | 'All' | 'Prefix' | 'Some';

type Write = { readonly position: number; readonly data: Buffer } | { readonly size: number };
type Inode = { content: Buffer; durable: Buffer; writes: Write[] };
type Node = Inode | 'Folder';
type NameChange = readonly (readonly [path: string, node: Node | null])[];

type Perform = <T>(effect: () => T) => Promise<T>;

const SECTOR_BYTES = 512;

export class FaultyDisk {
  readonly #random: () => number;
  /** `/data` is where a volume is mounted. */
  #names = new Map<string, Node>([
    ['/', 'Folder'],
    ['/data', 'Folder'],
  ]);
  #durableNames = new Map<string, Node>(this.#names);
  #changes: NameChange[] = [];
  #life = 0;
  #operationsLeft = Number.POSITIVE_INFINITY;
  #onDeath: () => void = () => {};
  operations = 0;
  freeBytes: number = Number.MAX_SAFE_INTEGER;
  /** Answers a file's next sync. */
  syncError: Error | null = null;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The disk for one life of the machine, which ends after `operations`; `died` resolves then. */
  boot(operations: number = Number.POSITIVE_INFINITY): { readonly disk: Disk; readonly died: Promise<'Died'> } {
    const life = ++this.#life;
    this.#operationsLeft = operations;
    const { promise, resolve } = Promise.withResolvers<'Died'>();
    this.#onDeath = () => resolve('Died');
    const perform = <T>(effect: () => T): Promise<T> => this.#perform(life, effect);
    const disk: Disk = {
      open: (path, mode) => perform(() => this.#open(perform, path, mode)),
      list: (folder) => perform(() => this.#list(folder)),
      rename: (from, to) =>
        perform(() =>
          this.#change([
            [from, null],
            [to, this.#existing(from)],
          ]),
        ),
      remove: (path) => perform(() => this.#change([[path, this.#existing(path) && null]])),
      removeFolder: (folder) => perform(() => this.#removeFolder(folder)),
      makeFolder: (folder) => perform(() => this.#makeFolder(folder)),
      syncFolder: (folder) => perform(() => this.#syncFolder(folder)),
      freeBytes: () => perform(() => this.freeBytes),
    };
    return { disk, died: promise };
  }

  /** Everything else that runs in this life has no effect any more. */
  losePower(survival: Survival): void {
    this.#life++;
    for (const change of this.#surviving(this.#changes, survival)) {
      for (const [path, node] of change) bind(this.#durableNames, path, node);
    }
    this.#changes = [];
    this.#names = new Map([...this.#durableNames].filter(([path]) => this.#isReachable(path)));
    this.#durableNames = new Map(this.#names);
    for (const node of new Set(this.#names.values())) if (node !== 'Folder') this.#settle(node, survival);
  }

  files(): string[] {
    return [...this.#names]
      .filter(([, node]) => node !== 'Folder')
      .map(([path]) => path)
      .sort();
  }

  content(path: string): Buffer {
    return this.#inode(path).content;
  }

  /** As if something else had written it. */
  setContent(path: string, content: Buffer): void {
    const inode = this.#inode(path);
    inode.content = Buffer.from(content);
    inode.durable = Buffer.from(content);
    inode.writes = [];
  }

  forget(path: string): void {
    this.#names.delete(path);
    this.#durableNames.delete(path);
  }

  #perform<T>(life: number, effect: () => T): Promise<T> {
    if (life !== this.#life) return new Promise(() => {});
    if (this.#operationsLeft <= 0) {
      this.#onDeath();
      return new Promise(() => {});
    }
    this.#operationsLeft--;
    this.operations++;
    let outcome: Promise<T>;
    try {
      outcome = Promise.resolve(effect());
    } catch (error) {
      outcome = Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      outcome.then(
        (value) => life === this.#life && resolve(value),
        (error: unknown) => life === this.#life && reject(error),
      );
    });
  }

  #open(perform: Perform, path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    if (mode === 'create') {
      if (this.#names.has(path)) throw failure('EEXIST', path);
      if (this.#names.get(dirname(path)) !== 'Folder') throw failure('ENOENT', path);
      this.#change([[path, { content: Buffer.alloc(0), durable: Buffer.alloc(0), writes: [] }]]);
    }
    const inode = this.#inode(path);
    const add = (write: Write): void => {
      inode.writes.push(write);
      inode.content = applied(inode.content, write);
    };
    return {
      write: (chunks, position) =>
        perform(() => {
          if (mode === 'read') throw failure('EBADF', path);
          const data = Buffer.concat(chunks);
          const more = Math.max(0, position + data.length - inode.content.length);
          if (more > this.freeBytes) throw failure('ENOSPC', path);
          this.freeBytes -= more;
          add({ position, data });
        }),
      read: (position, length) => perform(() => Buffer.from(inode.content.subarray(position, position + length))),
      sync: () =>
        perform(() => {
          if (this.syncError !== null) throw this.syncError;
          inode.durable = Buffer.from(inode.content);
          inode.writes = [];
        }),
      truncate: (size) => perform(() => add({ size })),
      size: () => perform(() => inode.content.length),
      close: () => perform(() => {}),
    };
  }

  #list(folder: string): string[] {
    if (this.#names.get(folder) !== 'Folder') throw failure('ENOENT', folder);
    const paths = [...this.#names.keys()].filter((path) => path !== '/' && dirname(path) === folder);
    return paths.map((path) => path.slice(folder === '/' ? 1 : folder.length + 1)).sort();
  }

  #makeFolder(folder: string): void {
    if (this.#names.get(folder) === 'Folder') return;
    this.#makeFolder(dirname(folder));
    this.#change([[folder, 'Folder']]);
  }

  #removeFolder(folder: string): void {
    const paths = [...this.#names.keys()].filter((path) => path === folder || path.startsWith(`${folder}/`));
    this.#change(paths.map((path) => [path, null] as const));
  }

  #syncFolder(folder: string): void {
    if (this.#names.get(folder) !== 'Folder') throw failure('ENOENT', folder);
    this.#changes = this.#changes.filter((change) => {
      if (!change.some(([path]) => dirname(path) === folder)) return true;
      for (const [path, node] of change) bind(this.#durableNames, path, node);
      return false;
    });
  }

  #change(change: NameChange): void {
    for (const [path, node] of change) bind(this.#names, path, node);
    this.#changes.push(change);
  }

  #existing(path: string): Node {
    const node = this.#names.get(path);
    if (node === undefined) throw failure('ENOENT', path);
    return node;
  }

  #inode(path: string): Inode {
    const node = this.#existing(path);
    if (node === 'Folder') throw failure('EISDIR', path);
    return node;
  }

  #isReachable(path: string): boolean {
    return path === '/' || (this.#durableNames.get(dirname(path)) === 'Folder' && this.#isReachable(dirname(path)));
  }

  #settle(inode: Inode, survival: Survival): void {
    // A change of size is one of metadata: journalled, in order.
    const writes = survival === 'Some' ? inode.writes.flatMap(sectors) : inode.writes;
    inode.content = this.#surviving(writes, survival).reduce(applied, inode.durable);
    inode.durable = Buffer.from(inode.content);
    inode.writes = [];
  }

  #surviving<T>(all: readonly T[], survival: Survival): readonly T[] {
    if (survival === 'All') return all;
    if (survival === 'None') return [];
    if (survival === 'Prefix') return all.slice(0, Math.floor(this.#random() * (all.length + 1)));
    return all.filter(() => this.#random() < 0.5);
  }
}

/** A small seeded generator, so that a failing run can be repeated (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function bind(names: Map<string, Node>, path: string, node: Node | null): void {
  if (node === null) names.delete(path);
  else names.set(path, node);
}

function applied(content: Buffer, write: Write): Buffer {
  if ('size' in write)
    return Buffer.concat([content, Buffer.alloc(Math.max(0, write.size - content.length))], write.size);
  const end = Math.max(content.length, write.position + write.data.length);
  const next = Buffer.concat([content, Buffer.alloc(end - content.length)]);
  write.data.copy(next, write.position);
  return next;
}

function sectors(write: Write): Write[] {
  if ('size' in write) return [write];
  const parts: Write[] = [];
  let at = 0;
  while (at < write.data.length) {
    const end = Math.min(write.data.length, at + SECTOR_BYTES - ((write.position + at) % SECTOR_BYTES));
    parts.push({ position: write.position + at, data: write.data.subarray(at, end) });
    at = end;
  }
  return parts;
}

function failure(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
