/** An engine in memory, for tests of the store: a sorted list of rows, with snapshots as copies of the list. */
import type { Engine, EngineOperation, EngineSnapshot, KeyRange, Row, ScanOptions } from '../engine.ts';

export class MemoryEngine implements Engine {
  /** Replaced by each write, never changed: snapshots share it. */
  #rows: readonly Row[] = [];
  #isWriting = false;
  #isClosed = false;
  openSnapshots = 0;
  /** Called before a write takes effect, so that a test can look at what happens meanwhile. */
  beforeWrite: () => Promise<void> = async () => {};

  get rows(): readonly Row[] {
    return this.#rows;
  }

  async get(key: Uint8Array): Promise<Buffer | null> {
    return getFrom(this.#openRows(), key);
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Buffer | null)[]> {
    const rows = this.#openRows();
    return keys.map((key) => getFrom(rows, key));
  }

  async scan(range: KeyRange, options: ScanOptions): Promise<Row[]> {
    return scanIn(this.#openRows(), range, options);
  }

  async write(batch: readonly EngineOperation[]): Promise<void> {
    if (this.#isWriting) throw new Error('a write was started before the last one had ended');
    this.#isWriting = true;
    await this.beforeWrite();
    const changed = new Map<string, Row | null>();
    let rows = this.#rows;
    for (const operation of batch) {
      if (operation.kind === 'DeleteRange') {
        rows = merged(rows, changed).filter(({ key }) => !isWithin(key, operation));
        changed.clear();
        continue;
      }
      const key = Buffer.from(operation.key);
      const row = operation.kind === 'Put' ? { key, value: Buffer.from(operation.value) } : null;
      changed.set(key.toString('latin1'), row);
    }
    this.#rows = merged(rows, changed);
    this.#isWriting = false;
  }

  snapshot(): EngineSnapshot {
    const rows = this.#openRows();
    this.openSnapshots += 1;
    return {
      get: async (key) => getFrom(rows, key),
      getMany: async (keys) => keys.map((key) => getFrom(rows, key)),
      scan: async (range, options) => scanIn(rows, range, options),
      close: async () => {
        this.openSnapshots -= 1;
      },
    };
  }

  async flush(): Promise<void> {}

  async sizeBytes(): Promise<number> {
    return this.#rows.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** As with the real one, there is nothing to be read any more once it is closed. */
  #openRows(): readonly Row[] {
    if (this.#isClosed) throw new Error('the engine is closed');
    return this.#rows;
  }
}

function merged(rows: readonly Row[], changed: ReadonlyMap<string, Row | null>): Row[] {
  const kept = rows.filter(({ key }) => !changed.has(key.toString('latin1')));
  for (const row of changed.values()) {
    if (row !== null) kept.push(row);
  }
  return kept.sort((a, b) => a.key.compare(b.key));
}

function getFrom(rows: readonly Row[], key: Uint8Array): Buffer | null {
  const row = rows[firstAtOrAfter(rows, key)];
  return row?.key.equals(key) ? Buffer.from(row.value) : null;
}

function scanIn(rows: readonly Row[], range: KeyRange, options: ScanOptions): Row[] {
  const found = rows.slice(firstAtOrAfter(rows, range.from), firstAtOrAfter(rows, range.to));
  if (options.reverse) found.reverse();
  const page: Row[] = [];
  let sizeBytes = 0;
  for (const { key, value } of found) {
    if (page.length >= options.limit || sizeBytes >= (options.maxBytes ?? Number.POSITIVE_INFINITY)) break;
    page.push({ key: Buffer.from(key), value: options.keysOnly ? Buffer.alloc(0) : Buffer.from(value) });
    sizeBytes += key.length + value.length;
  }
  return page;
}

function firstAtOrAfter(rows: readonly Row[], key: Uint8Array): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.key.compare(key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isWithin(key: Buffer, { from, to }: KeyRange): boolean {
  return key.compare(from) >= 0 && key.compare(to) < 0;
}
