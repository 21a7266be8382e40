/** A small engine whose rows are one record file: durable at a flush, and only then. For tests on any disk. */
import { join } from 'node:path';
import type { Engine, EngineOperation, EngineReader, KeyRange, Row, ScanOptions } from '../../store/engine.ts';
import type { Disk } from '../disk.ts';
import { decodeRecord, encodeRecord, readWholeFile, writeRecordFile } from '../record-file.ts';

type Rows = ReadonlyMap<string, string>;

const NAME = 'rows';

export async function openRecordEngine(disk: Disk, folder: string): Promise<Engine> {
  const bytes = await readWholeFile(disk, join(folder, NAME));
  let rows: Rows = new Map(bytes === null ? [] : (decodeRecord(NAME, bytes, 1) as [string, string][]));
  return {
    ...reader(() => rows),
    write: async (batch) => {
      rows = afterBatch(rows, batch);
    },
    snapshot: () => {
      const held = rows;
      return { ...reader(() => held), close: async () => {} };
    },
    flush: () => writeRecordFile(disk, folder, NAME, encodeRecord([...rows], 1)),
    sizeBytes: async () => [...rows].join('').length,
    close: async () => {},
  };
}

function reader(rows: () => Rows): EngineReader {
  const get = async (key: Uint8Array): Promise<Buffer | null> => {
    const value = rows().get(hex(key));
    return value === undefined ? null : Buffer.from(value, 'hex');
  };
  return {
    get,
    getMany: (keys) => Promise.all(keys.map(get)),
    scan: async (range, options) => scan(rows(), range, options),
  };
}

function scan(
  rows: Rows,
  range: KeyRange,
  { limit, reverse, maxBytes = Number.POSITIVE_INFINITY, keysOnly }: ScanOptions,
): Row[] {
  const keys = [...rows.keys()].filter((key) => key >= hex(range.from) && key < hex(range.to)).sort();
  if (reverse) keys.reverse();
  const page: Row[] = [];
  let bytes = 0;
  for (const key of keys) {
    if (page.length === limit || bytes >= maxBytes) break;
    const row = { key: Buffer.from(key, 'hex'), value: Buffer.from(keysOnly ? '' : rows.get(key)!, 'hex') };
    page.push(row);
    bytes += row.key.length + row.value.length;
  }
  return page;
}

function afterBatch(rows: Rows, batch: readonly EngineOperation[]): Rows {
  const next = new Map(rows);
  for (const operation of batch) {
    if (operation.kind === 'Put') next.set(hex(operation.key), hex(operation.value));
    else if (operation.kind === 'Delete') next.delete(hex(operation.key));
    else {
      const [from, to] = [hex(operation.from), hex(operation.to)];
      for (const key of next.keys()) if (key >= from && key < to) next.delete(key);
    }
  }
  return next;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
