/** The store's `Engine` as a model on a simulated disk. The same conformance suite drives it and RocksDB. */
import type {
  Engine,
  EngineOperation,
  EngineReader,
  EngineSnapshot,
  KeyRange,
  Row,
  ScanOptions,
} from '../../node/store/engine.ts';
import type { Folder, SimulatedDisk } from './disk.ts';
import type { Life } from './life.ts';
import { ModelRows, type OrderedRows, text } from './model-rows.ts';

/**
 * Opens the engine in a folder, making both when absent. One opener at a time, as RocksDB's lock file has it.
 *
 * @param isHashed see `OrderedRows.hash`
 */
export async function openModelEngine(
  disk: SimulatedDisk,
  life: Life,
  path: string,
  isHashed: (key: string) => boolean = () => true,
): Promise<Engine & { readonly rows: ModelRows }> {
  const rows = await disk.perform(life, 'engineOpen', path, () => open(disk.folderAt(path), isHashed));
  let isOpen = true;
  const closed = (): Error => new Error(`the engine in ${path} is closed`);
  const perform = <T>(effect: () => T): Promise<T> => {
    if (!isOpen) return Promise.reject(closed());
    return disk.perform(life, 'read', path, effect);
  };
  let isWriting = false;
  return {
    rows,
    ...reader(perform, () => rows.current),
    write: async (batch) => {
      if (!isOpen) throw closed();
      if (isWriting) throw new Error('a second write was started before the first one was answered');
      isWriting = true;
      try {
        const copy = batch.map(copyOperation);
        await disk.perform(life, 'engineWrite', path, () => rows.write(copy));
      } finally {
        isWriting = false;
      }
    },
    snapshot: () => {
      if (!isOpen) throw closed();
      return snapshotOf(disk, life, path, rows.share());
    },
    flush: () => {
      if (!isOpen) return Promise.reject(closed());
      return disk.performSync(life, 'engineFlush', path, () => {
        const mark = rows.mark();
        return { finish: () => rows.flush(mark) };
      });
    },
    sizeBytes: () => perform(() => rows.sizeBytes),
    close: async () => {
      if (!isOpen) return;
      await perform(() => {
        isOpen = false;
        rows.isOpen = false;
      });
    },
  };
}

function open(folder: Folder, isHashed: (key: string) => boolean): ModelRows {
  folder.rows ??= new ModelRows(isHashed);
  if (folder.rows.isOpen) throw new Error('the engine is open already');
  folder.rows.isOpen = true;
  return folder.rows;
}

function snapshotOf(disk: SimulatedDisk, life: Life, path: string, rows: OrderedRows): EngineSnapshot {
  let isOpen = true;
  const perform = <T>(effect: () => T): Promise<T> => {
    if (!isOpen) return Promise.reject(new Error('the snapshot is closed'));
    return disk.perform(life, 'read', path, effect);
  };
  return {
    ...reader(perform, () => rows),
    close: async () => {
      isOpen = false;
    },
  };
}

type Perform = <T>(effect: () => T) => Promise<T>;

function reader(perform: Perform, rows: () => OrderedRows): EngineReader {
  return {
    get: (key) => {
      const name = text(key);
      return perform(() => valueAt(rows(), name));
    },
    getMany: (keys) => {
      const names = keys.map(text);
      return perform(() => names.map((name) => valueAt(rows(), name)));
    },
    scan: (range, options) => perform(() => scan(rows(), range, options)),
  };
}

/** Copies go out: whoever reads may write into what it got. */
function valueAt(rows: OrderedRows, name: string): Buffer | null {
  const value = rows.get(name);
  return value === undefined ? null : Buffer.from(value);
}

function scan(rows: OrderedRows, range: KeyRange, options: ScanOptions): Row[] {
  const names = rows.keysIn(text(range.from), text(range.to));
  if (options.reverse) names.reverse();
  const page: Row[] = [];
  let bytes = 0;
  for (const name of names.slice(0, options.limit)) {
    const value = rows.get(name)!;
    page.push({ key: Buffer.from(name, 'latin1'), value: options.keysOnly ? Buffer.alloc(0) : Buffer.from(value) });
    bytes += name.length + (options.keysOnly ? 0 : value.length);
    if (options.maxBytes !== undefined && bytes >= options.maxBytes) break;
  }
  return page;
}

function copyOperation(operation: EngineOperation): EngineOperation {
  if (operation.kind === 'Put')
    return { kind: 'Put', key: Buffer.from(operation.key), value: Buffer.from(operation.value) };
  if (operation.kind === 'Delete') return { kind: 'Delete', key: Buffer.from(operation.key) };
  return { kind: 'DeleteRange', from: Buffer.from(operation.from), to: Buffer.from(operation.to) };
}
