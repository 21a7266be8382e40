/** Puts, deletes and reads, alone or in a transaction: first what may refuse them, then what they do. */
import type { Draft } from './draft.ts';
import { failed, invariant } from './errors.ts';
import { pointResult, readRange, unreadable } from './range-read.ts';
import { loadValues } from './row-source.ts';
import { toKeyValue, type Version } from './row-values.ts';
import type { DeleteRange, DeleteRangeResult, Failed, Put, PutResult, Range, RangeResult } from './types.ts';

const PAGE_ROWS = 1000;

export function refusePut(draft: Draft, put: Put): Failed | null {
  if ((put.ignoreValue || put.ignoreLease) && draft.version(put.key) === null) {
    return failed('key_not_found', 'the key is not there: there is no value or lease to keep');
  }
  if (put.lease !== 0n && draft.leases.get(put.lease) === null) {
    return failed('lease_not_found', `there is no lease ${put.lease}`);
  }
  return null;
}

export function putKey(draft: Draft, put: Put): PutResult {
  const previous = draft.version(put.key);
  const value = put.ignoreValue ? loadedValue(previous) : put.value;
  const lease = put.ignoreLease ? (previous?.lease ?? 0n) : put.lease;
  const returned = put.returnPrevious && previous !== null ? toKeyValue(previous, loadedValue(previous)) : null;
  draft.put(put.key, value, lease);
  return { kind: 'Put', revision: draft.readRevision, previous: returned };
}

export function deleteKeys(draft: Draft, command: DeleteRange): DeleteRangeResult | Promise<DeleteRangeResult> {
  if (command.rangeEnd !== null) return deleteRange(draft, command);
  const previous = draft.version(command.key);
  if (previous === null) return { kind: 'DeleteRange', revision: draft.readRevision, deleted: 0, previous: [] };
  draft.delete(command.key);
  const returned = command.returnPrevious ? [toKeyValue(previous, loadedValue(previous))] : [];
  return { kind: 'DeleteRange', revision: draft.readRevision, deleted: 1, previous: returned };
}

export function refuseRange(draft: Draft, range: Range): Failed | null {
  const refusal = unreadable(range.revision, draft);
  return refusal === null ? null : failed(refusal.code, refusal.message);
}

export function runRange(draft: Draft, range: Range): RangeResult | Promise<RangeResult> {
  if (range.rangeEnd === null && range.revision === 0) {
    return pointResult(range, draft.version(range.key), draft.readRevision);
  }
  return readRange(draft.source(range.revision), range, draft.readRevision, null);
}

async function deleteRange(draft: Draft, command: DeleteRange): Promise<DeleteRangeResult> {
  const found: Version[] = [];
  for await (const page of draft.source(0).pages(command, { descending: false, pageRows: PAGE_ROWS })) {
    for (const version of page) found.push(version);
  }
  let returned: DeleteRangeResult['previous'] = [];
  if (command.returnPrevious) {
    const values = await loadValues(draft.reader, found);
    returned = found.map((version, n) => toKeyValue(version, values[n]!));
  }
  for (const version of found) draft.delete(version.key, version);
  return { kind: 'DeleteRange', revision: draft.readRevision, deleted: found.length, previous: returned };
}

function loadedValue(version: Version | null): Buffer {
  invariant(version !== null && version.value !== null, 'a value is used that was not loaded');
  return version.value;
}
