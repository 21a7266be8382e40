/** `/v1/kv`: many keys, page by page; and the one key that stands in the query instead of the path. */
import type { ApiRangeAnswer } from '../../client/types.ts';
import { rangeAfter } from '../store/key-range.ts';
import { rangeOf } from '../store/range-of.ts';
import type { Keys } from '../store/types.ts';
import { ClientGone } from './body.ts';
import { assertWithin, decodeCursor, encodeCursor } from './cursor.ts';
import { invalid } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { deleteToJson, rangeToJson } from './json.ts';
import { allKeys, keysOfQuery, keysParameters } from './keys.ts';
import { deleteKey, getKey, inQuery, putKey } from './kv.ts';
import { preconditions } from './preconditions.ts';
import { propose } from './propose.ts';
import type { Query } from './query.ts';
import { readOptions, readParameters, requestParameters } from './request-options.ts';

const defaultPageItems = 1000;

const rangeParameters: ReadonlySet<string> = new Set([
  ...keysParameters.filter((name) => !name.startsWith('key')),
  'limit',
  'cursor',
  'keys_only',
  'count_only',
  'revision',
  ...readParameters,
]);
const deleteParameters: ReadonlySet<string> = new Set([
  ...keysParameters.filter((name) => !name.startsWith('key')),
  'all',
  'prev',
  ...requestParameters,
]);

export async function getRange(exchange: Exchange): Promise<void> {
  const one = keyInQuery(exchange, 'get');
  if (one !== null) return getKey(exchange, one.keys, one.query);
  const { api } = exchange;
  const query = exchange.query(rangeParameters);
  const keysOnly = query.flag('keys_only', false);
  const countOnly = query.flag('count_only', false);
  const { keys, revision, delivered } = pageStart(query);
  const result = await exchange.member.range(
    {
      ...rangeOf(keys, revision),
      limit: pageItems(query, api.limits.maxPageItems),
      maxBytes: api.limits.maxPageBytes,
      keysOnly,
      countOnly,
    },
    { ...readOptions(query, api), isWanted: () => !exchange.response.destroyed },
  );
  if (exchange.response.destroyed) throw new ClientGone();
  const answer: ApiRangeAnswer = rangeToJson(result, keysOnly);
  answer.count += delivered;
  const last = result.items.at(-1);
  if (query.has('cursor')) answer.revision = revision;
  if (result.more && last !== undefined) {
    answer.cursor = encodeCursor({
      revision: revision === 0 ? result.revision : revision,
      delivered: delivered + result.items.length,
      keys: rangeAfter(keys, last.key),
    });
  }
  exchange.json(200, answer);
}

export async function putKeyInQuery(exchange: Exchange): Promise<void> {
  const one = keyInQuery(exchange, 'put');
  if (one === null) throw invalid("name the key: PUT /v1/kv/KEY, or the parameter 'key' or 'key_base64'");
  await putKey(exchange, one.keys, one.query);
}

export async function deleteRange(exchange: Exchange): Promise<void> {
  const one = keyInQuery(exchange, 'delete');
  if (one !== null) return deleteKey(exchange, one.keys, one.query);
  if (preconditions(exchange.request.headers) !== null) {
    throw invalid('If-Match and If-None-Match are for one key; use /v1/txn to delete a range on a condition');
  }
  const query = exchange.query(deleteParameters);
  const given = keysOfQuery(query);
  // A script whose variable was empty must not delete the whole store.
  const isAll = given === null || (given.key.equals(allKeys.key) && given.rangeEnd!.equals(allKeys.rangeEnd!));
  if (isAll !== query.flag('all', false)) {
    throw invalid(
      isAll
        ? "this would delete every key: give a 'prefix' that is not empty, or 'from' and 'to', or say all=true"
        : "all=true goes without 'prefix', 'from' and 'to'",
    );
  }
  const returnPrevious = query.flag('prev', false);
  const result = await propose(exchange, { kind: 'DeleteRange', ...(given ?? allKeys), returnPrevious }, query, null);
  if (result.kind !== 'DeleteRange') throw new Error(`a delete was answered with ${result.kind}`);
  exchange.json(200, deleteToJson(result, returnPrevious));
}

function keyInQuery(exchange: Exchange, kind: 'get' | 'put' | 'delete'): { keys: Keys; query: Query } | null {
  if (!/[?&]key(_base64)?=/.test(exchange.request.url!)) return null;
  const query = exchange.query(inQuery[kind]);
  const keys = keysOfQuery(query);
  return keys === null ? null : { keys, query };
}

function pageStart(query: Query): { keys: Keys; revision: number; delivered: number } {
  const given = keysOfQuery(query);
  const cursorText = query.text('cursor');
  const revision = query.integer('revision', 1) ?? 0;
  if (cursorText === null) return { keys: given ?? allKeys, revision, delivered: 0 };
  const cursor = decodeCursor(cursorText);
  if (revision !== 0 && revision !== cursor.revision)
    throw invalid(`the 'cursor' belongs to revision ${cursor.revision}`);
  if (given !== null) assertWithin(cursor, given);
  return cursor;
}

function pageItems(query: Query, maxPageItems: number): number {
  const limit = query.integer('limit', 1);
  if (limit === null) return Math.min(defaultPageItems, maxPageItems);
  if (limit > maxPageItems)
    throw invalid(`'limit' is ${limit}; a page has at most ${maxPageItems} items, use the cursor for more`);
  return limit;
}
