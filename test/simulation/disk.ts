/**
 * The disk of one simulated machine: it outlives the processes that use it. Nothing is durable before it is
 * synced: file contents before `DiskFile.sync`, names before `syncFolder`. A loss of power keeps any part of the
 * rest. It can be slow, stall, run full, fail a sync, and turn bits over.
 */
import type { Disk, DiskFile } from '../../node/storage/disk.ts';
import { SimulatedFile, type Survival } from './file.ts';
import type { Life } from './life.ts';
import type { ModelRows } from './model-rows.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

export class Folder {
  readonly entries: Map<string, Node> = new Map();
  readonly durable: Map<string, Node> = new Map();
  /** Set when an engine keeps its rows here. */
  rows: ModelRows | null = null;
}
export type Node = SimulatedFile | Folder;

/** One atomic change of names: a creation, removal or renaming. */
type NameChange = readonly { readonly folder: Folder; readonly name: string; readonly node: Node | null }[];

export type DiskOperation =
  | 'open'
  | 'create'
  | 'write'
  | 'read'
  | 'sync'
  | 'truncate'
  | 'list'
  | 'rename'
  | 'remove'
  | 'removeFolder'
  | 'makeFolder'
  | 'syncFolder'
  | 'engineWrite'
  | 'engineFlush'
  | 'engineOpen';

export type DiskSettings = {
  readonly latencyMs: number;
  readonly syncLatencyMs: number;
  /** How often an operation takes ten times as long. */
  readonly slowChance: number;
  readonly capacityBytes: number;
};

/** Called before and after each operation takes effect: the place to pull the plug. */
export type DiskWatcher = (moment: 'Before' | 'After', operation: DiskOperation, path: string) => void;

export class SimulatedDisk {
  readonly settings: DiskSettings;
  readonly random: Random;
  readonly scheduler: Scheduler;
  #root = new Folder();
  #unsyncedNames: NameChange[] = [];
  /** Counts losses of power: what was in flight then never happens. */
  #epoch = 0;
  #stalledUntilMs = 0;
  #engineStalledUntilMs = 0;
  #failSyncIn = 0;
  #fillerBytes = 0;
  watcher: DiskWatcher = () => {};
  /** Hears of what changes names, and of what a loss of power has kept. */
  onNote: (what: string) => void = () => {};

  constructor(scheduler: Scheduler, random: Random, settings: DiskSettings) {
    this.scheduler = scheduler;
    this.random = random;
    this.settings = settings;
  }

  /** The disk as one process uses it. */
  mount(life: Life): Disk {
    const perform = <T>(operation: DiskOperation, path: string, effect: () => T): Promise<T> =>
      this.perform(life, operation, path, effect);
    return {
      open: (path, mode) =>
        perform(mode === 'create' ? 'create' : 'open', path, () => {
          const file = mode === 'create' ? this.#create(path) : this.#file(path);
          return this.#handle(life, path, file, mode !== 'read');
        }),
      list: (folder) => perform('list', folder, () => [...this.#folder(folder).entries.keys()].sort()),
      rename: (from, to) => perform('rename', from, () => this.#rename(from, to)),
      remove: (path) =>
        perform('remove', path, () => {
          this.#file(path);
          this.#change([{ ...this.#parentOf(path), node: null }]);
        }),
      removeFolder: (path) => perform('removeFolder', path, () => this.#removeFolder(path)),
      makeFolder: (path) => perform('makeFolder', path, () => void this.folderAt(path)),
      syncFolder: (path) =>
        this.performSync(life, 'syncFolder', path, () => {
          const folder = this.#folder(path);
          const covered = new Set(
            this.#unsyncedNames.filter((change) => change.some((edit) => edit.folder === folder)),
          );
          return { finish: () => this.#syncNames(covered) };
        }),
      freeBytes: (folder) => perform('list', folder, () => Math.max(0, this.freeBytes())),
    };
  }

  /**
   * One operation of a process: takes effect now, is answered after a while. The watcher may kill the process on
   * either side of the effect.
   */
  perform<T>(life: Life, operation: DiskOperation, path: string, effect: () => T): Promise<T> {
    const never = new Promise<T>(() => {});
    if (!life.isAlive) return never;
    if (CHANGES_NAMES.has(operation)) this.onNote(`${operation} ${path}`);
    this.watcher('Before', operation, path);
    if (!life.isAlive) return never;
    let outcome: { value: T } | { error: Error };
    try {
      outcome = { value: effect() };
    } catch (error) {
      outcome = { error: error as Error };
    }
    this.watcher('After', operation, path);
    return life.operation(this.#delayMs(operation), () => {
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    });
  }

  /** `begin` notes what the sync has to cover; a while later that is durable, or the sync has failed. */
  performSync(
    life: Life,
    operation: DiskOperation,
    path: string,
    begin: () => { finish(): void; fail?(): void },
  ): Promise<void> {
    if (!life.isAlive) return new Promise(() => {});
    if (operation !== 'sync') this.onNote(`${operation} ${path}`);
    this.watcher('Before', operation, path);
    const epoch = this.#epoch;
    let sync: { finish(): void; fail?(): void };
    try {
      sync = begin();
    } catch (error) {
      return life.operation(0, () => {
        throw error;
      });
    }
    return life.operation(this.#delayMs(operation), () => {
      if (epoch !== this.#epoch) return;
      if (operation !== 'engineFlush' && this.#failSyncIn > 0 && --this.#failSyncIn === 0) {
        if (this.random.chance(0.5)) sync.fail?.();
        throw diskError('EIO', path);
      }
      sync.finish();
      this.watcher('After', operation, path);
    });
  }

  /** Makes what is missing on the way. */
  folderAt(path: string): Folder {
    let folder = this.#root;
    for (const name of parts(path)) {
      let next = folder.entries.get(name);
      if (next === undefined) {
        next = new Folder();
        this.#change([{ folder, name, node: next }]);
      }
      if (!(next instanceof Folder)) throw diskError('ENOTDIR', path);
      folder = next;
    }
    return folder;
  }

  usedBytes(): number {
    return bytesUnder(this.#root) + this.#fillerBytes;
  }

  freeBytes(): number {
    return this.settings.capacityBytes - this.usedBytes();
  }

  /** Every file's path and content. */
  files(): Map<string, SimulatedFile> {
    const result = new Map<string, SimulatedFile>();
    const walk = (folder: Folder, path: string): void => {
      for (const [name, node] of folder.entries) {
        if (node instanceof Folder) walk(node, `${path}/${name}`);
        else result.set(`${path}/${name}`, node);
      }
    };
    walk(this.#root, '');
    return result;
  }

  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.scheduler.nowMs + forMs);
  }

  /** The engine alone is slow to answer writes and flushes, as one that has to compact first: files go on. */
  stallEngine(forMs: number): void {
    this.#engineStalledUntilMs = Math.max(this.#engineStalledUntilMs, this.scheduler.nowMs + forMs);
  }

  /** The sync after the next `count` - 1 fails with EIO; nothing that it covered is known to be durable. */
  failSync(count: number): void {
    this.#failSyncIn = count;
  }

  /** Something else fills the disk until `freeBytes` are left; `release` deletes it again. */
  fillUntil(freeBytes: number): void {
    this.#fillerBytes = Math.max(0, this.#fillerBytes + this.freeBytes() - freeBytes);
  }

  release(): void {
    this.#fillerBytes = 0;
  }

  /** As if every folder had been synced. */
  makeNamesDurable(): void {
    for (const change of this.#unsyncedNames.splice(0)) makeDurable(change);
  }

  /** What waits for a sync survives in some part; what was in flight never happens. The process must be dead. */
  losePower(): void {
    this.#epoch++;
    this.#stalledUntilMs = 0;
    this.#engineStalledUntilMs = 0;
    this.#crashNames(this.random.pick(SURVIVALS));
    const survivors = new Set<Node>();
    const settle = (folder: Folder): void => {
      folder.entries.clear();
      for (const [name, node] of folder.durable) {
        folder.entries.set(name, node);
        if (survivors.has(node)) continue;
        survivors.add(node);
        if (node instanceof Folder) {
          node.rows?.crash(this.random);
          settle(node);
        } else node.crash(this.random.pick(SURVIVALS), this.random);
      }
    };
    settle(this.#root);
  }

  /** The process alone has died: the kernel keeps what was written, the engine what it had handed to the kernel. */
  loseProcess(): void {
    this.#stalledUntilMs = 0;
    this.#engineStalledUntilMs = 0;
    const visit = (folder: Folder): void => {
      folder.rows?.crash(this.random);
      for (const node of folder.entries.values()) if (node instanceof Folder) visit(node);
    };
    visit(this.#root);
  }

  /** A new empty disk in the same machine. */
  wipe(): void {
    this.#root = new Folder();
    this.#unsyncedNames = [];
    this.#epoch++;
    this.#fillerBytes = 0;
  }

  #delayMs(operation: DiskOperation): number {
    const isSync = operation === 'sync' || operation === 'syncFolder' || operation === 'engineFlush';
    const usualMs = isSync ? this.settings.syncLatencyMs : this.settings.latencyMs;
    const slowness = this.random.chance(this.settings.slowChance) ? 10 : 1;
    const isEngines = operation === 'engineWrite' || operation === 'engineFlush';
    const stalledUntilMs = isEngines
      ? Math.max(this.#stalledUntilMs, this.#engineStalledUntilMs)
      : this.#stalledUntilMs;
    const stallMs = Math.max(0, stalledUntilMs - this.scheduler.nowMs);
    return stallMs + usualMs * slowness * this.random.between(0.3, 2);
  }

  #handle(life: Life, path: string, file: SimulatedFile, isWritable: boolean): DiskFile {
    let isOpen = true;
    const perform = <T>(operation: DiskOperation, effect: () => T): Promise<T> =>
      this.perform(life, operation, path, () => {
        if (!isOpen) throw diskError('EBADF', path);
        return effect();
      });
    const mustBeWritable = (): void => {
      if (!isWritable) throw diskError('EBADF', path);
    };
    return {
      write: (chunks, position) =>
        perform('write', () => {
          mustBeWritable();
          // A copy: the caller may use its buffers again.
          const data = Buffer.concat(chunks);
          this.#reserve(path, Math.max(0, position + data.length - file.size));
          file.write(position, data);
        }),
      read: (position, length) => perform('read', () => file.read(position, length)),
      sync: () =>
        this.performSync(life, 'sync', path, () => {
          if (!isOpen) throw diskError('EBADF', path);
          const mark = file.mark();
          return { finish: () => file.sync(mark), fail: () => file.failSync(mark) };
        }),
      truncate: (size) =>
        perform('truncate', () => {
          mustBeWritable();
          this.#reserve(path, Math.max(0, size - file.size));
          file.truncate(size);
        }),
      size: () => perform('open', () => file.size),
      close: async () => {
        if (!isOpen) return;
        await perform('open', () => {
          isOpen = false;
        });
      },
    };
  }

  #reserve(path: string, moreBytes: number): void {
    if (moreBytes > 0 && moreBytes > this.freeBytes()) throw diskError('ENOSPC', path);
  }

  #create(path: string): SimulatedFile {
    const place = this.#parentOf(path);
    if (place.folder.entries.has(place.name)) throw diskError('EEXIST', path);
    this.#reserve(path, 1);
    const node = new SimulatedFile();
    this.#change([{ ...place, node }]);
    return node;
  }

  #rename(from: string, to: string): void {
    const source = this.#parentOf(from);
    const node = source.folder.entries.get(source.name);
    if (node === undefined) throw diskError('ENOENT', from);
    const target = this.#parentOf(to);
    const replaced = target.folder.entries.get(target.name);
    if (replaced instanceof Folder && replaced.entries.size > 0) throw diskError('ENOTEMPTY', to);
    this.#change([
      { ...source, node: null },
      { ...target, node },
    ]);
  }

  #removeFolder(path: string): void {
    const place = this.#parentOf(path, 'IfPresent');
    if (place?.folder.entries.get(place.name) instanceof Folder) this.#change([{ ...place, node: null }]);
  }

  #change(change: NameChange): void {
    for (const { folder, name, node } of change) bind(folder.entries, name, node);
    this.#unsyncedNames.push(change);
  }

  #syncNames(covered: ReadonlySet<NameChange>): void {
    for (const change of this.#unsyncedNames) if (covered.has(change)) makeDurable(change);
    this.#unsyncedNames = this.#unsyncedNames.filter((change) => !covered.has(change));
  }

  /** A change is kept only with those before it that touch one of its names. */
  #crashNames(survival: Survival): void {
    const changes = this.#unsyncedNames;
    const prefix = this.random.integer(0, changes.length);
    const lostEdits: NameChange[number][] = [];
    for (const [at, change] of changes.entries()) {
      const isWanted =
        survival === 'All' ||
        (survival === 'Prefix' && at < prefix) ||
        (survival === 'Sectors' && this.random.chance(0.5));
      const dependsOnLost = change.some((edit) =>
        lostEdits.some((other) => other.folder === edit.folder && other.name === edit.name),
      );
      const isKept = isWanted && !dependsOnLost;
      this.onNote(
        `${isKept ? 'kept' : 'lost'} ${change.map(({ name, node }) => `${node === null ? '-' : '+'}${name}`)}`,
      );
      if (isKept) makeDurable(change);
      else lostEdits.push(...change);
    }
    this.#unsyncedNames = [];
  }

  #file(path: string): SimulatedFile {
    const { folder, name } = this.#parentOf(path);
    const node = folder.entries.get(name);
    if (!(node instanceof SimulatedFile)) throw diskError(node === undefined ? 'ENOENT' : 'EISDIR', path);
    return node;
  }

  #folder(path: string): Folder {
    let folder = this.#root;
    for (const name of parts(path)) {
      const next = folder.entries.get(name);
      if (!(next instanceof Folder)) throw diskError(next === undefined ? 'ENOENT' : 'ENOTDIR', path);
      folder = next;
    }
    return folder;
  }

  #parentOf(path: string): { folder: Folder; name: string };
  #parentOf(path: string, ifPresent: 'IfPresent'): { folder: Folder; name: string } | null;
  #parentOf(path: string, ifPresent?: 'IfPresent'): { folder: Folder; name: string } | null {
    const names = parts(path);
    const name = names.pop();
    if (name === undefined) throw diskError('EINVAL', path);
    try {
      return { folder: this.#folder(`/${names.join('/')}`), name };
    } catch (error) {
      if (ifPresent) return null;
      throw error;
    }
  }
}

const CHANGES_NAMES: ReadonlySet<DiskOperation> = new Set([
  'create',
  'rename',
  'remove',
  'removeFolder',
  'makeFolder',
  'engineOpen',
]);

/** Losing nothing and losing everything find as many bugs as the mixtures do. */
const SURVIVALS: readonly Survival[] = ['None', 'All', 'Prefix', 'Sectors'];

function makeDurable(change: NameChange): void {
  for (const { folder, name, node } of change) bind(folder.durable, name, node);
}

function bind(names: Map<string, Node>, name: string, node: Node | null): void {
  if (node === null) names.delete(name);
  else names.set(name, node);
}

function bytesUnder(folder: Folder): number {
  let sum = folder.rows?.sizeBytes ?? 0;
  for (const node of folder.entries.values()) sum += node instanceof Folder ? bytesUnder(node) : node.size;
  return sum;
}

function parts(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function diskError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated disk, ${path}`), { code });
}
