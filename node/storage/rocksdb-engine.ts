/**
 * The store's `Engine` on RocksDB. Its own log is on but never synced on the write path: the Raft log replays what a
 * crash takes away. Everything runs on other threads; one row at a time across the binding costs more than RocksDB
 * itself, so reads and writes go in batches.
 */
import RocksDB from 'rocksdb-native';
import type {
  Engine,
  EngineOperation,
  EngineReader,
  EngineSnapshot,
  KeyRange,
  Row,
  ScanOptions,
} from '../store/engine.ts';
import { DataDamaged } from './errors.ts';

/**
 * Chosen for a member that stays small: two write buffers, the binding's block cache of 32 MiB, and index and filter
 * blocks in that cache, not beside it.
 */
const OPTIONS: RocksDB.Options = {
  writeBufferSize: 8 * 1024 * 1024,
  maxWriteBufferNumber: 2,
  maxBackgroundJobs: 2,
  maxOpenFiles: 256,
  tableBlockSize: 8 * 1024,
  optimizeFiltersForMemory: true,
  partitionPinningTier: RocksDB.constants.pinningTier.NONE,
  unpartitionedPinningTier: RocksDB.constants.pinningTier.FLUSHED_AND_SIMILAR,
  // A prefix of the batches, never one with a hole; what is older than the last flush is not in that log at all.
  walRecoveryMode: RocksDB.constants.walRecoveryMode.POINT_IN_TIME,
};

/** Rows a trip across the binding. With a bound on bytes fewer: a trip may bring that many of the largest keys and values. */
const ROWS_PER_TRIP = 1024;
const SMALL_ROWS_PER_BOUNDED_TRIP = 256;
const ROWS_PER_BOUNDED_TRIP = 32;

/**
 * Opens the RocksDB in this folder, makes it when there is none.
 *
 * @throws DataDamaged when RocksDB finds that files are not what it wrote
 */
export async function openRocksDbEngine(folder: string): Promise<Engine> {
  const db = new RocksDB(folder, OPTIONS);
  await named(folder, db.ready());
  return new RocksDbEngine(folder, db);
}

class RocksDbReader implements EngineReader {
  protected readonly folder: string;
  protected readonly db: RocksDB;

  constructor(folder: string, db: RocksDB) {
    this.folder = folder;
    this.db = db;
  }

  async get(key: Uint8Array): Promise<Buffer | null> {
    return (await this.getMany([key]))[0]!;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Buffer | null)[]> {
    if (keys.length === 0) return [];
    const batch = this.db.read({ capacity: keys.length, autoDestroy: true });
    const values = keys.map((key) => batch.get(key));
    batch.tryFlush();
    return named(this.folder, Promise.all(values));
  }

  async scan({ from, to }: KeyRange, options: ScanOptions): Promise<Row[]> {
    const { limit, maxBytes, hasSmallValues = false, reverse = false, keysOnly = false } = options;
    if (limit <= 0 || Buffer.compare(from, to) >= 0) return [];
    const perBoundedTrip = hasSmallValues || keysOnly ? SMALL_ROWS_PER_BOUNDED_TRIP : ROWS_PER_BOUNDED_TRIP;
    const perTrip = maxBytes === undefined ? ROWS_PER_TRIP : perBoundedTrip;
    // One more than the limit tells the binding that a trip with `limit` rows was the last one.
    const capacity = Math.min(limit + 1, perTrip);
    const iterator = this.db.iterator({ gte: from, lt: to }, { reverse, values: !keysOnly, limit, capacity });
    return named(this.folder, takePage(iterator, maxBytes ?? Number.POSITIVE_INFINITY));
  }
}

class RocksDbSnapshot extends RocksDbReader implements EngineSnapshot {
  close(): Promise<void> {
    return this.db.close();
  }
}

class RocksDbEngine extends RocksDbReader implements Engine {
  async write(operations: readonly EngineOperation[]): Promise<void> {
    const batch = this.db.write({ capacity: Math.max(1, operations.length), autoDestroy: true });
    for (const operation of operations) {
      if (operation.kind === 'Put') batch.tryPut(operation.key, operation.value);
      else if (operation.kind === 'Delete') batch.tryDelete(operation.key);
      else if (Buffer.compare(operation.from, operation.to) < 0) batch.tryDeleteRange(operation.from, operation.to);
    }
    await named(this.folder, batch.flush());
  }

  snapshot(): EngineSnapshot {
    return new RocksDbSnapshot(this.folder, this.db.snapshot());
  }

  flush(): Promise<void> {
    return named(this.folder, this.db.flush());
  }

  async sizeBytes(): Promise<number> {
    const files = await this.db.getProperty('rocksdb.total-sst-files-size');
    const buffers = await this.db.getProperty('rocksdb.size-all-mem-tables');
    return Number(files) + Number(buffers);
  }

  close(): Promise<void> {
    return this.db.close();
  }
}

function takePage(iterator: RocksDB.Iterator, maxBytes: number): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const rows: Row[] = [];
    let bytes = 0;
    iterator.on('data', ({ key, value }) => {
      if (bytes >= maxBytes) return;
      rows.push({ key, value: value ?? EMPTY });
      bytes += key.length + (value?.length ?? 0);
      if (bytes >= maxBytes) iterator.destroy();
    });
    iterator.on('error', reject);
    // Already at 'end', not only at 'close': closing costs one more trip to RocksDB's threads.
    iterator.on('end', () => resolve(rows));
    iterator.on('close', () => resolve(rows));
  });
}

const EMPTY = Buffer.alloc(0);

/**
 * The binding's errors say neither which database they mean nor, but in words, whether it is damaged. What another try
 * could read, or what a full disk or a missing right explains, is no damage: it must not cost a member its data.
 */
async function named<T>(folder: string, outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    const { message } = (error as Error).cause instanceof Error ? ((error as Error).cause as Error) : (error as Error);
    if (DAMAGE.test(message) && !NO_DAMAGE.test(message)) throw new DataDamaged(folder, 0, message, { cause: error });
    throw new Error(`RocksDB in ${folder}: ${message}`, { cause: error });
  }
}

const DAMAGE =
  /corrupt|mismatch|magic number|malformed|truncated|too short|bad (block|entry)|CURRENT file|existing log file|MANIFEST-\d+: No such file/i;
const NO_DAMAGE = /input\/output error|no space left|too many open files|permission denied|hold lock|lock file/i;
