/** The store's values as the JSON shapes of client/types.ts, and back. Nothing of what comes in is trusted. */
import { isUtf8 } from 'node:buffer';
import type {
  ApiDeleteAnswer,
  ApiKeyValue,
  ApiPutAnswer,
  ApiRangeAnswer,
  ApiTxnAnswer,
  ApiWatchEvents,
} from '../../client/types.ts';
import type { WatchBatch } from '../server/types.ts';
import type { DeleteRangeResult, KeyValue, LeaseId, PutResult, RangeResult, TxnResult } from '../store/types.ts';
import { invalid } from './errors.ts';

export function keyValueToJson(item: KeyValue, withValue: boolean): ApiKeyValue {
  const json: ApiKeyValue = isUtf8(item.key)
    ? {
        key: item.key.toString('utf8'),
        create_revision: item.createRevision,
        mod_revision: item.modRevision,
        version: item.version,
      }
    : {
        key_base64: item.key.toString('base64'),
        create_revision: item.createRevision,
        mod_revision: item.modRevision,
        version: item.version,
      };
  if (withValue) {
    if (isUtf8(item.value)) json.value = item.value.toString('utf8');
    else json.value_base64 = item.value.toString('base64');
  }
  if (item.lease !== 0n) json.lease = String(item.lease);
  return json;
}

export function putToJson(result: PutResult): ApiPutAnswer {
  const json: ApiPutAnswer = { revision: result.revision };
  if (result.previous !== null) json.previous = keyValueToJson(result.previous, true);
  return json;
}

/** @param withPrevious whether the request asked for what was deleted */
export function deleteToJson(result: DeleteRangeResult, withPrevious: boolean): ApiDeleteAnswer {
  const json: ApiDeleteAnswer = { revision: result.revision, deleted: result.deleted };
  if (withPrevious) json.previous = result.previous.map((item) => keyValueToJson(item, true));
  return json;
}

export function rangeToJson(result: RangeResult, keysOnly: boolean): ApiRangeAnswer {
  return {
    revision: result.revision,
    items: result.items.map((item) => keyValueToJson(item, !keysOnly)),
    count: result.count,
    more: result.more,
  };
}

/** What the results of a transaction do not tell of themselves: which ranges wanted keys only, and so on. */
export type OperationShape =
  | { readonly kind: 'Put' }
  | { readonly kind: 'DeleteRange'; readonly returnPrevious: boolean }
  | { readonly kind: 'Range'; readonly keysOnly: boolean }
  | { readonly kind: 'Txn'; readonly success: readonly OperationShape[]; readonly failure: readonly OperationShape[] };

export function txnToJson(result: TxnResult, shape: OperationShape & { kind: 'Txn' }): ApiTxnAnswer {
  const branch = result.succeeded ? shape.success : shape.failure;
  return {
    revision: result.revision,
    succeeded: result.succeeded,
    results: result.results.map((one, at) => resultToJson(one, branch[at])),
  };
}

function resultToJson(
  result: TxnResult['results'][number],
  shape: OperationShape | undefined,
): ApiTxnAnswer['results'][number] {
  switch (result.kind) {
    case 'Put':
      return { put: putToJson(result) };
    case 'DeleteRange':
      return { delete: deleteToJson(result, shape?.kind === 'DeleteRange' && shape.returnPrevious) };
    case 'Range':
      return { get: rangeToJson(result, shape?.kind === 'Range' && shape.keysOnly) };
    case 'Txn':
      if (shape?.kind !== 'Txn') throw new Error('the results of a transaction do not fit its operations');
      return { txn: txnToJson(result, shape) };
  }
}

export function watchBatchToJson(batch: WatchBatch): ApiWatchEvents {
  return {
    revision: batch.revision,
    events: batch.events.map((event) => {
      const isPut = event.kind === 'Put';
      const item = keyValueToJson(event.item, isPut);
      const json: ApiWatchEvents['events'][number] = { type: isPut ? 'put' : 'delete', item };
      if (event.previous !== null) json.previous = keyValueToJson(event.previous, true);
      return json;
    }),
  };
}

const maxLeaseId = 2n ** 63n - 1n;

/** @param what names the field in an error */
export function parseLeaseId(text: unknown, what: string): LeaseId {
  if (typeof text === 'string' && /^[1-9]\d{0,18}$/.test(text)) {
    const id = BigInt(text);
    if (id <= maxLeaseId) return id;
  }
  throw invalid(`${what} must be a lease id: a string of decimal digits, from "1" to "${maxLeaseId}"`);
}
