/** What we use of rocksdb-native 3.18.1, which comes without types. */
declare module 'rocksdb-native' {
  type Range = { gte?: Uint8Array; lt?: Uint8Array };
  type IteratorOptions = { reverse?: boolean; values?: boolean; limit?: number; capacity?: number };
  type BatchOptions = { capacity?: number; autoDestroy?: boolean };

  interface ReadBatch {
    get(key: Uint8Array): Promise<Buffer | null>;
    tryFlush(): void;
  }

  interface WriteBatch {
    tryPut(key: Uint8Array, value: Uint8Array): void;
    tryDelete(key: Uint8Array): void;
    tryDeleteRange(start: Uint8Array, end: Uint8Array): void;
    flush(): Promise<void>;
  }

  class RocksDB {
    constructor(path: string, options?: RocksDB.Options);
    ready(): Promise<void>;
    close(): Promise<void>;
    flush(): Promise<void>;
    snapshot(): RocksDB;
    read(options?: BatchOptions): ReadBatch;
    write(options?: BatchOptions): WriteBatch;
    iterator(range: Range, options?: IteratorOptions): RocksDB.Iterator;
    getProperty(name: string): Promise<string>;
  }

  namespace RocksDB {
    interface Iterator {
      on(event: 'data', listener: (row: { key: Buffer; value: Buffer | null }) => void): this;
      on(event: 'end' | 'close', listener: () => void): this;
      on(event: 'error', listener: (error: Error) => void): this;
      destroy(): void;
    }
    type Options = {
      maxBackgroundJobs?: number;
      maxOpenFiles?: number;
      writeBufferSize?: number;
      maxWriteBufferNumber?: number;
      tableBlockSize?: number;
      optimizeFiltersForMemory?: boolean;
      topLevelIndexPinningTier?: number;
      partitionPinningTier?: number;
      unpartitionedPinningTier?: number;
      walRecoveryMode?: number;
    };
    const constants: {
      walRecoveryMode: { POINT_IN_TIME: number };
      pinningTier: { NONE: number; FLUSHED_AND_SIMILAR: number; ALL: number };
    };
  }

  export = RocksDB;
}
