/** A range read over any source of versions, with etcd's order of things: count, then bounds, sort, limit. */
import { StoreError } from './errors.ts';
import { coversAllKeys, isOpenEnded, keyAfter, rangeAfter, rangeBefore } from './key-range.ts';
import type { Applied } from './meta.ts';
import type { Filling, RecentRanges } from './recent-ranges.ts';
import type { RememberedCounts } from './remembered-counts.ts';
import { loadValues, type RowSource } from './row-source.ts';
import { toKeyValue, type Version } from './row-values.ts';
import type { Range, RangeResult, SortTarget } from './types.ts';

const PAGE_ROWS = 1000;

/** Where a store's reads leave what the next one need not ask the engine for. */
export type ReadMemory = {
  readonly counts: RememberedCounts;
  readonly ranges: RecentRanges;
  /** Began no later than the moment that is read. */
  readonly filling: Filling;
};

/**
 * @param revision the store's, for the result
 * @param memory none for a transaction that writes, whose reads see what has no revision yet
 */
export async function readRange(
  source: RowSource,
  range: Range,
  revision: number,
  memory: ReadMemory | null,
): Promise<RangeResult> {
  if (range.countOnly) {
    const count = await source.count(range);
    if (range.rangeEnd !== null && isNewest(range, revision)) memory?.counts.setNewest(range, revision, count);
    return { kind: 'Range', revision, items: [], count, more: false };
  }
  const { versions, count, more } = await select(source, range, revision, memory);
  const values = range.keysOnly ? null : await loadValues(source.reader, versions);
  const items = versions.map((version, n) => toKeyValue(version, values === null ? null : values[n]!));
  return { kind: 'Range', revision, items, count, more };
}

/** The keys and values that a read would answer; counted no further than to the item with which they are over `mostBytes`. */
export async function rangeBytes(source: RowSource, range: Range, mostBytes: number): Promise<number> {
  if (range.countOnly) return 0;
  const { versions } = await select(source, { ...range, maxBytes: mostBytes + 1 }, 0, null);
  return versions.reduce((bytes, { key, valueBytes }) => bytes + key.length + (range.keysOnly ? 0 : valueBytes), 0);
}

/** The answer to a read of one key at the newest revision, whose value is at hand. */
export function pointResult(range: Range, version: Version | null, revision: number): RangeResult {
  const count = version === null ? 0 : 1;
  const isWanted = version !== null && !range.countOnly && isWithinBounds(range, version);
  const items = isWanted ? [toKeyValue(version, range.keysOnly ? null : version.value)] : [];
  return { kind: 'Range', revision, items, count, more: false };
}

/** @throws StoreError with `compacted` or `future_revision` */
export function assertReadable(revision: number, applied: Pick<Applied, 'revision' | 'compactedRevision'>): void {
  const refusal = unreadable(revision, applied);
  if (refusal !== null) throw refusal;
}

/** The compacted revision itself can still be read. */
export function unreadable(
  revision: number,
  applied: Pick<Applied, 'revision' | 'compactedRevision'>,
): StoreError | null {
  if (revision === 0) return null;
  if (revision > applied.revision) {
    return new StoreError(
      'future_revision',
      `revision ${revision} is not reached yet: the newest is ${applied.revision}`,
    );
  }
  if (revision < applied.compactedRevision) {
    const message = `revision ${revision} is compacted: the oldest that can be read is ${applied.compactedRevision}`;
    return new StoreError('compacted', message, applied.compactedRevision);
  }
  return null;
}

type Selection = { readonly versions: Version[]; readonly count: number; readonly more: boolean };

function select(source: RowSource, range: Range, revision: number, memory: ReadMemory | null): Promise<Selection> {
  if (!isOneByOne(range)) return selectAll(source, range);
  return selectPage(source, range, revision, memory);
}

/** In order of key, so that reading can stop at the limit; what follows is only counted. */
async function selectPage(
  source: RowSource,
  range: Range,
  revision: number,
  memory: ReadMemory | null,
): Promise<Selection> {
  const readRevision = range.revision === 0 ? revision : range.revision;
  const descending = range.sort?.descending ?? false;
  const isKept = memory !== null && !descending && isNewest(range, revision) && range.rangeEnd !== null;
  const pageRows = range.limit === 0 ? PAGE_ROWS : Math.min(range.limit + 1, PAGE_ROWS);
  const versions: Version[] = [];
  const room = new Room(range);
  for await (const page of source.pages(range, { descending, pageRows })) {
    for (const version of page) {
      if (room.isFull) {
        const last = versions.at(-1)!.key;
        const rest = descending ? rangeBefore(range, last) : rangeAfter(range, last);
        // The number of all keys is known without counting.
        const known =
          memory?.counts.get(range, readRevision) ?? (coversAllKeys(range) ? await source.count(range) : null);
        const left = known === null ? await source.count(rest) : known - versions.length;
        memory?.counts.set(rest, readRevision, left);
        if (isNewest(range, revision)) memory?.counts.setNewest(range, revision, versions.length + left);
        if (isKept) remember(memory, range, [...versions, version], keyAfter(version.key));
        return { versions, count: versions.length + left, more: true };
      }
      room.take(version);
      versions.push(version);
    }
  }
  if (isKept) remember(memory, range, versions, isOpenEnded(range) ? null : range.rangeEnd);
  return { versions, count: versions.length, more: false };
}

function isNewest(range: Range, revision: number): boolean {
  return range.revision === 0 || range.revision === revision;
}

/** @param to null: there is no end */
function remember(memory: ReadMemory, { key }: Range, versions: readonly Version[], to: Buffer | null): void {
  memory.ranges.fill(memory.filling, key.toString('latin1'), to === null ? null : to.toString('latin1'), versions);
}

async function selectAll(source: RowSource, range: Range): Promise<Selection> {
  let versions: Version[] = [];
  let count = 0;
  for await (const page of source.pages(range, { descending: false, pageRows: PAGE_ROWS })) {
    count += page.length;
    for (const version of page) {
      if (isWithinBounds(range, version)) versions.push(version);
    }
  }
  if (range.sort?.target === 'Value') {
    const values = await loadValues(source.reader, versions);
    versions = versions.map((version, n) => ({ ...version, value: values[n]! }));
  }
  if (range.sort !== null) {
    const order = ORDERS[range.sort.target];
    const sign = range.sort.descending ? -1 : 1;
    versions.sort((a, b) => sign * order(a, b));
  }
  const room = new Room(range);
  const fitting: Version[] = [];
  for (const version of versions) {
    if (room.isFull) break;
    room.take(version);
    fitting.push(version);
  }
  return { versions: fitting, count, more: fitting.length < versions.length };
}

/** How much of a page is left by the limit and by bytes. */
export class Room {
  #items: number;
  #sizeBytes: number;
  readonly #keysOnly: boolean;

  constructor({ limit, maxBytes, keysOnly }: Range) {
    this.#items = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    this.#sizeBytes = maxBytes ?? Number.POSITIVE_INFINITY;
    this.#keysOnly = keysOnly;
  }

  get isFull(): boolean {
    return this.#items <= 0 || this.#sizeBytes <= 0;
  }

  take(version: Version): void {
    this.#items -= 1;
    this.#sizeBytes -= version.key.length + (this.#keysOnly ? 0 : version.valueBytes);
  }
}

/** Whether each version is wanted or not by itself, in order of key: bounds and other orders need every version of the range. */
export function isOneByOne(range: Range): boolean {
  const hasBounds =
    range.minModRevision !== 0 ||
    range.maxModRevision !== 0 ||
    range.minCreateRevision !== 0 ||
    range.maxCreateRevision !== 0;
  const isSorted = range.sort !== null && (range.sort.target !== 'Key' || range.sort.descending);
  // The past is only read forwards: see `RevisionSource`.
  const isReversible = range.revision === 0 && range.sort?.target === 'Key';
  return !hasBounds && (!isSorted || isReversible);
}

function isWithinBounds(range: Range, { modRevision, createRevision }: Version): boolean {
  return (
    modRevision >= range.minModRevision &&
    (range.maxModRevision === 0 || modRevision <= range.maxModRevision) &&
    createRevision >= range.minCreateRevision &&
    (range.maxCreateRevision === 0 || createRevision <= range.maxCreateRevision)
  );
}

/** Equal ones stay in order of key, on every member the same. */
const ORDERS: Record<SortTarget, (a: Version, b: Version) => number> = {
  Key: (a, b) => a.key.compare(b.key),
  Version: (a, b) => a.version - b.version,
  Create: (a, b) => a.createRevision - b.createRevision,
  Mod: (a, b) => a.modRevision - b.modRevision,
  Value: (a, b) => a.value!.compare(b.value!),
};
