/**
 * The pieces of a transaction as functions, and its answer.
 *
 *     await client.txn({
 *       if: [compare.absent('lock')],
 *       then: [operation.put('lock', 'mine')],
 *       else: [operation.get('lock')],
 *     });
 */
import { type Bytes, jsonField } from './bytes.ts';
import { KeyValue } from './key-value.ts';
import type { ApiCompare, ApiDeleteAnswer, ApiOperation, ApiPutAnswer, ApiRangeAnswer, ApiTxnAnswer } from './types.ts';

export type Comparison = '=' | '!=' | '>' | '<';

export const compare = {
  exists: (key: Bytes): ApiCompare => ({ ...jsonField('key', key), exists: true }),
  absent: (key: Bytes): ApiCompare => ({ ...jsonField('key', key), create_revision: 0 }),
  value: (key: Bytes, comparison: Comparison, value: Bytes): ApiCompare => ({
    ...jsonField('key', key),
    comparison,
    ...jsonField('value', value),
  }),
  modRevision: (key: Bytes, comparison: Comparison, revision: number): ApiCompare => ({
    ...jsonField('key', key),
    comparison,
    mod_revision: revision,
  }),
  createRevision: (key: Bytes, comparison: Comparison, revision: number): ApiCompare => ({
    ...jsonField('key', key),
    comparison,
    create_revision: revision,
  }),
  version: (key: Bytes, comparison: Comparison, version: number): ApiCompare => ({
    ...jsonField('key', key),
    comparison,
    version,
  }),
} as const;

export const operation = {
  put: (key: Bytes, value: Bytes, options: { lease?: string; prev?: boolean } = {}): ApiOperation => ({
    put: { ...jsonField('key', key), ...jsonField('value', value), ...options },
  }),
  delete: (key: Bytes, options: { prev?: boolean; prefix?: boolean } = {}): ApiOperation => ({
    delete: { ...jsonField('key', key), ...options },
  }),
  get: (key: Bytes, options: { prefix?: boolean; limit?: number } = {}): ApiOperation => ({
    get: { ...jsonField('key', key), ...options },
  }),
} as const;

export type PutAnswer = { readonly revision: number; readonly previous: KeyValue | null };
export type DeleteAnswer = {
  readonly revision: number;
  readonly deleted: number;
  readonly previous: readonly KeyValue[];
};
export type RangePage = {
  /** The store's when the page was read. */
  readonly revision: number;
  readonly items: readonly KeyValue[];
  /** All that match, whatever the limit. */
  readonly count: number;
  readonly more: boolean;
};
export type TxnResult =
  | { readonly kind: 'put'; readonly put: PutAnswer }
  | { readonly kind: 'delete'; readonly delete: DeleteAnswer }
  | { readonly kind: 'get'; readonly get: RangePage }
  | { readonly kind: 'txn'; readonly txn: TxnAnswer };
export type TxnAnswer = {
  readonly revision: number;
  /** True when all of `if` held and `then` was carried out, false when `else` was. */
  readonly succeeded: boolean;
  readonly results: readonly TxnResult[];
};

export function putAnswer(answer: ApiPutAnswer): PutAnswer {
  return {
    revision: answer.revision,
    previous: answer.previous === undefined ? null : KeyValue.fromApi(answer.previous),
  };
}

export function deleteAnswer(answer: ApiDeleteAnswer): DeleteAnswer {
  return {
    revision: answer.revision,
    deleted: answer.deleted,
    previous: (answer.previous ?? []).map(KeyValue.fromApi),
  };
}

export function rangePage(answer: ApiRangeAnswer): RangePage {
  return {
    revision: answer.revision,
    items: answer.items.map(KeyValue.fromApi),
    count: answer.count,
    more: answer.more,
  };
}

export function txnAnswer(answer: ApiTxnAnswer): TxnAnswer {
  return { revision: answer.revision, succeeded: answer.succeeded, results: answer.results.map(txnResult) };
}

function txnResult(result: ApiTxnAnswer['results'][number]): TxnResult {
  if ('put' in result) return { kind: 'put', put: putAnswer(result.put) };
  if ('delete' in result) return { kind: 'delete', delete: deleteAnswer(result.delete) };
  if ('get' in result) return { kind: 'get', get: rangePage(result.get) };
  return { kind: 'txn', txn: txnAnswer(result.txn) };
}
