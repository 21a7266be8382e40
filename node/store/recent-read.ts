/** Reads of the newest state from memory, in the very moment in which they are asked for; null: ask the engine. */
import { MAX_ANSWER_BYTES } from './answer-bytes.ts';
import { satisfies } from './compare.ts';
import type { CurrentVersions } from './current-versions.ts';
import { coversAllKeys } from './key-range.ts';
import type { Applied } from './meta.ts';
import { isOneByOne, pointResult, Room } from './range-read.ts';
import type { RememberedCounts } from './remembered-counts.ts';
import { toKeyValue } from './row-values.ts';
import { textSpan } from './text-span.ts';
import type { Keys, Range, RangeResult, Txn, TxnResult } from './types.ts';

/** What memory has, all of one moment. */
export type Recent = {
  readonly versions: CurrentVersions;
  readonly counts: RememberedCounts;
  readonly applied: Pick<Applied, 'revision' | 'keyCount'>;
};

export function recentRange(recent: Recent, range: Range): RangeResult | null {
  const { versions, applied } = recent;
  const { revision } = applied;
  if (range.revision !== 0 && range.revision !== revision) return null;
  if (range.rangeEnd === null) {
    const version = versions.get(range.key.toString('latin1'));
    if (version === undefined) return null;
    const needsValue = !range.keysOnly && !range.countOnly;
    return needsValue && version !== null && version.value === null ? null : pointResult(range, version, revision);
  }
  if (range.countOnly) {
    const count = recentCount(recent, range);
    return count === null ? null : { kind: 'Range', revision, items: [], count, more: false };
  }
  return isOneByOne(range) && !range.sort?.descending ? recentPage(recent, range) : null;
}

/** @returns null also where too much is asked for: the engine's way of reading tells exactly */
export function recentTxn(recent: Recent, txn: Txn): TxnResult | null {
  return runTxn(recent, txn, { leftBytes: MAX_ANSWER_BYTES });
}

function recentPage({ versions, counts, applied }: Recent, range: Range): RangeResult | null {
  const { revision } = applied;
  const { from, to } = textSpan(range);
  const found = versions.ranges.find(from, to, range.limit === 0 ? Number.POSITIVE_INFINITY : range.limit + 1);
  if (found === null) return null;
  const items: RangeResult['items'][number][] = [];
  const room = new Room(range);
  for (let n = found.start; n < found.end; n += 1) {
    const version = found.versions[n]!;
    if (room.isFull) {
      const count = recentCount({ versions, counts, applied }, range);
      return count === null ? null : { kind: 'Range', revision, items, count, more: true };
    }
    if (version.value === null && !range.keysOnly) return null;
    room.take(version);
    items.push(toKeyValue(version, range.keysOnly ? null : version.value));
  }
  return { kind: 'Range', revision, items, count: items.length, more: false };
}

function recentCount({ versions, counts, applied }: Recent, range: Keys): number | null {
  if (coversAllKeys(range)) return applied.keyCount;
  const { from, to } = textSpan(range);
  const found = versions.ranges.find(from, to, Number.POSITIVE_INFINITY);
  return found === null ? counts.get(range, applied.revision) : found.end - found.start;
}

/** Shared by all that one transaction reads. */
type Answer = { leftBytes: number };

function runTxn(recent: Recent, txn: Txn, answer: Answer): TxnResult | null {
  let succeeded = true;
  for (const compare of txn.compares) {
    if (compare.rangeEnd !== null) return null;
    const version = recent.versions.get(compare.key.toString('latin1'));
    if (version === undefined || (compare.target === 'Value' && version?.value === null)) return null;
    succeeded &&= satisfies(compare, version);
  }
  const results: TxnResult['results'][number][] = [];
  for (const operation of succeeded ? txn.success : txn.failure) {
    const result = operation.kind === 'Txn' ? runTxn(recent, operation, answer) : readStep(recent, operation, answer);
    if (result === null) return null;
    results.push(result);
  }
  return { kind: 'Txn', revision: recent.applied.revision, succeeded, results };
}

function readStep(recent: Recent, operation: Exclude<Txn['success'][number], Txn>, answer: Answer): RangeResult | null {
  if (operation.kind !== 'Range') return null;
  const result = recentRange(recent, operation);
  if (result === null) return null;
  for (const { key, value } of result.items) answer.leftBytes -= key.length + value.length;
  return answer.leftBytes < 0 ? null : result;
}
