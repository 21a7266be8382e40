/**
 * What the store needs of whatever keeps its rows: an ordered map of byte strings with atomic batches.
 *
 * After a crash an engine holds every batch up to some point in the order they were written, and that point is
 * not before the last completed `flush`. Nothing less than a batch is ever seen. `storage/` implements it on
 * RocksDB, the simulator with a model; one conformance suite drives both.
 */

export type Row = { readonly key: Buffer; readonly value: Buffer };

/** Half-open, in unsigned byte order: `from` is in, `to` is not. */
export type KeyRange = { readonly from: Uint8Array; readonly to: Uint8Array };

export type ScanOptions = {
  readonly reverse?: boolean;
  /** Rows at the most; the scan is a page, never the whole range by accident. */
  readonly limit: number;
  /** Stops after the row that reaches this sum of key and value bytes. Default: no bound but `limit`. */
  readonly maxBytes?: number;
  /** No value is much larger than a KiB: many rows may be fetched at once though their sum is bounded. */
  readonly hasSmallValues?: boolean;
  /** Values come back empty: cheaper when only keys matter. */
  readonly keysOnly?: boolean;
};

/** One `getMany` and one `scan` each see one moment: a batch is in their answer wholly or not at all. */
export interface EngineReader {
  get(key: Uint8Array): Promise<Buffer | null>;
  /** One trip for many keys, answers in the order of `keys`. */
  getMany(keys: readonly Uint8Array[]): Promise<(Buffer | null)[]>;
  scan(range: KeyRange, options: ScanOptions): Promise<Row[]>;
}

/** A view that does not move, taken at once and held until `close`. */
export interface EngineSnapshot extends EngineReader {
  close(): Promise<void>;
}

/** Operations of one atomic batch, in order: a later one wins over an earlier one. */
export type EngineOperation =
  | { readonly kind: 'Put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'Delete'; readonly key: Uint8Array }
  | { readonly kind: 'DeleteRange'; readonly from: Uint8Array; readonly to: Uint8Array };

export interface Engine extends EngineReader {
  /**
   * Atomic; visible to every read that starts after it resolves; durable only after a later `flush`.
   * The caller waits for one write before it starts the next.
   */
  write(batch: readonly EngineOperation[]): Promise<void>;
  snapshot(): EngineSnapshot;
  /** Resolves when everything written before the call is durable. */
  flush(): Promise<void>;
  /** Bytes on disk and in memory, approximately. */
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}
