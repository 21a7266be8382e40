/** Where a range read takes versions from: the newest ones, or those of a revision in the past. */
import type { EngineReader, Row } from './engine.ts';
import { invariant } from './errors.ts';
import { coversAllKeys, includes, keyAfter } from './key-range.ts';
import { type Overlaid, overlay } from './overlay.ts';
import {
  currentKey,
  currentRange,
  historyKey,
  indexPrefix,
  indexRange,
  indexRangeOfKey,
  keyOfCurrent,
  keyOfIndex,
  revisionOfIndex,
} from './row-keys.ts';
import { decodeCurrent, decodeEvent, decodeIndex, type StoredEvent, toVersion, type Version } from './row-values.ts';
import type { Keys } from './types.ts';

export interface RowSource {
  readonly reader: EngineReader;
  /** Present versions in order of key, a page at a time; their values may be in history still. */
  pages(keys: Keys, order: { readonly descending: boolean; readonly pageRows: number }): AsyncIterable<Version[]>;
  count(keys: Keys): Promise<number>;
}

const PAGE_BYTES = 1 << 20;
const COUNT_PAGE_ROWS = 10_000;
const INDEX_PAGE_ROWS = 1000;
/** Each may bring a value of the largest size with it. */
const HISTORY_READS = 64;

/** The newest versions, under what a batch in the making has changed. */
export class CurrentSource implements RowSource {
  readonly reader: EngineReader;
  readonly #keyCount: number;
  readonly #changed: readonly (Overlaid<Version> & { readonly wasStored: boolean })[];

  /**
   * @param keyCount of the whole store with the changes in
   * @param changed in order of key
   */
  constructor(
    reader: EngineReader,
    keyCount: number,
    changed: readonly (Overlaid<Version> & { readonly wasStored: boolean })[],
  ) {
    this.reader = reader;
    this.#keyCount = keyCount;
    this.#changed = changed;
  }

  pages(keys: Keys, order: { descending: boolean; pageRows: number }): AsyncIterable<Version[]> {
    return overlay(this.#stored(keys, order.descending, order.pageRows), within(this.#changed, keys), order.descending);
  }

  async count(keys: Keys): Promise<number> {
    if (coversAllKeys(keys)) return this.#keyCount;
    let count = 0;
    for (const { row, wasStored } of within(this.#changed, keys)) {
      count += (row === null ? 0 : 1) - (wasStored ? 1 : 0);
    }
    for await (const rows of scanPages(this.reader, keys, {
      descending: false,
      pageRows: COUNT_PAGE_ROWS,
      keysOnly: true,
    })) {
      count += rows.length;
    }
    return count;
  }

  async *#stored(keys: Keys, descending: boolean, pageRows: number): AsyncGenerator<Version[]> {
    for await (const rows of scanPages(this.reader, keys, { descending, pageRows, keysOnly: false })) {
      yield rows.map((row) => decodeCurrent(keyOfCurrent(row.key), row.value));
    }
  }
}

/** What was there at a revision, read through the index. Versions come with their values. */
export class RevisionSource implements RowSource {
  readonly reader: EngineReader;
  readonly #revision: number;
  readonly #events: readonly StoredEvent[];

  /** @param events that are not in the engine yet, in order of revision */
  constructor(reader: EngineReader, revision: number, events: readonly StoredEvent[]) {
    this.reader = reader;
    this.#revision = revision;
    this.#events = events;
  }

  async *pages(keys: Keys): AsyncGenerator<Version[]> {
    const changed = lastEvents(this.#events, this.#revision);
    const stored = this.#stored(keys);
    yield* overlay(stored, within(changed, keys), false);
  }

  async count(keys: Keys): Promise<number> {
    const changed = within(lastEvents(this.#events, this.#revision), keys);
    let count = 0;
    for await (const page of overlay(this.#references(keys), changed, false)) count += page.length;
    return count;
  }

  async *#stored(keys: Keys): AsyncGenerator<Version[]> {
    for await (const references of this.#references(keys)) {
      for (let start = 0; start < references.length; start += HISTORY_READS) {
        const chunk = references.slice(start, start + HISTORY_READS);
        const rows = await this.reader.getMany(chunk.map(({ revision, sub }) => historyKey(revision, sub)));
        yield chunk.map(({ revision, sub }, n) => {
          const row = rows[n];
          invariant(row != null, `the index names an event ${revision}.${sub} that history does not have`);
          return toVersion(decodeEvent({ revision, sub }, row));
        });
      }
    }
  }

  async *#references(keys: Keys): AsyncGenerator<{ key: Buffer; revision: number; sub: number }[]> {
    const isPoint = keys.rangeEnd === null;
    let range = isPoint ? indexRangeOfKey(keys.key, this.#revision) : indexRange(keys);
    let decided: Buffer | null = null;
    while (Buffer.compare(range.from, range.to) < 0) {
      const rows = await this.reader.scan(range, { limit: isPoint ? 1 : INDEX_PAGE_ROWS });
      const page: { key: Buffer; revision: number; sub: number }[] = [];
      for (const row of rows) {
        const prefix = indexPrefix(row.key);
        if (decided?.equals(prefix)) continue;
        const revision = revisionOfIndex(row.key);
        if (revision > this.#revision) continue;
        decided = prefix;
        const { isDelete, sub } = decodeIndex(row.value);
        if (!isDelete) page.push({ key: keyOfIndex(row.key), revision, sub });
      }
      yield page;
      if (isPoint || rows.length < INDEX_PAGE_ROWS) return;
      range = { from: keyAfter(rows.at(-1)!.key), to: range.to };
    }
  }
}

/** Values of `versions`, from history where the current row does not hold them. */
export async function loadValues(reader: EngineReader, versions: readonly Version[]): Promise<Buffer[]> {
  const absent = versions.filter(({ value }) => value === null);
  if (absent.length === 0) return versions.map(({ value }) => value!);
  const rows = await reader.getMany(absent.map(({ modRevision, sub }) => historyKey(modRevision, sub)));
  let next = 0;
  return versions.map(({ value, modRevision, sub }) => {
    if (value !== null) return value;
    const row = rows[next++];
    invariant(row != null, `the value of event ${modRevision}.${sub} is not in history`);
    return decodeEvent({ revision: modRevision, sub }, row).item.value;
  });
}

type PageOptions = { readonly descending: boolean; readonly pageRows: number; readonly keysOnly: boolean };

async function* scanPages(reader: EngineReader, keys: Keys, options: PageOptions): AsyncGenerator<Row[]> {
  const { descending, pageRows, keysOnly } = options;
  if (keys.rangeEnd === null) {
    const row = await reader.get(currentKey(keys.key));
    if (row !== null) yield [{ key: currentKey(keys.key), value: row }];
    return;
  }
  let { from, to } = currentRange(keys);
  const limits = { limit: pageRows, maxBytes: PAGE_BYTES, hasSmallValues: true };
  while (Buffer.compare(from, to) < 0) {
    const rows = await reader.scan({ from, to }, { ...limits, reverse: descending, keysOnly });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (descending) to = last.key;
    else from = keyAfter(last.key);
  }
}

function lastEvents(events: readonly StoredEvent[], revision: number): Overlaid<Version>[] {
  const last = new Map<string, Overlaid<Version>>();
  for (const event of events) {
    if (event.item.modRevision > revision) break;
    const { key } = event.item;
    last.set(key.toString('latin1'), { key, row: event.kind === 'Delete' ? null : toVersion(event) });
  }
  return [...last.values()].sort((a, b) => a.key.compare(b.key));
}

function within<T extends { readonly key: Buffer }>(sorted: readonly T[], keys: Keys): readonly T[] {
  return sorted.length === 0 ? sorted : sorted.filter(({ key }) => includes(keys, key));
}
