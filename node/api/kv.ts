/** `/v1/kv/KEY`: one key, its value as raw bytes, its modification revision as ETag. The hottest path of the API. */
import { apiHeaders } from '../../client/types.ts';
import { RequestError } from '../server/types.ts';
import { rangeOf } from '../store/range-of.ts';
import type { DeleteRange, Keys, KeyValue, Put, TxnResult } from '../store/types.ts';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { deleteToJson, parseLeaseId, putToJson } from './json.ts';
import { keysParameters, oneKey } from './keys.ts';
import { decodePercent } from './percent.ts';
import { comparesOf, judgeRead, type Preconditions, preconditions } from './preconditions.ts';
import { propose } from './propose.ts';
import type { Query } from './query.ts';
import { readOptions, readParameters, requestParameters } from './request-options.ts';

export const keyPathPrefix = '/v1/kv/';
const keyMethods = 'GET, HEAD, PUT, DELETE';

const getParameters = ['revision', ...readParameters];
const putParameters = ['lease', 'prev', ...requestParameters];
const deleteParameters = ['prev', ...requestParameters];

type Verb = 'get' | 'put' | 'delete';

const inPath: Readonly<Record<Verb, ReadonlySet<string>>> = {
  get: new Set(getParameters),
  put: new Set(putParameters),
  delete: new Set(deleteParameters),
};

/** Parameters of `/v1/kv` where the key stands among them, because a path cannot carry it, such as `..`. */
export const inQuery: Readonly<Record<Verb, ReadonlySet<string>>> = {
  get: new Set([...getParameters, ...keysParameters]),
  put: new Set([...putParameters, ...keysParameters]),
  delete: new Set([...deleteParameters, ...keysParameters]),
};

export async function serveKeyInPath(exchange: Exchange): Promise<void> {
  try {
    exchange.admit();
    const keys = oneKey(decodePercent(exchange.path.slice(keyPathPrefix.length), 'the key in the path'));
    switch (exchange.request.method) {
      case 'GET':
      case 'HEAD':
        await getKey(exchange, keys, exchange.query(inPath.get));
        break;
      case 'PUT':
        await putKey(exchange, keys, exchange.query(inPath.put));
        break;
      case 'DELETE':
        await deleteKey(exchange, keys, exchange.query(inPath.delete));
        break;
      default:
        exchange.refuse('method_not_allowed', `a key takes ${keyMethods}`, {}, ['Allow', keyMethods]);
    }
  } catch (error) {
    exchange.fail(error);
  }
}

/** @param query with the parameters of `inQuery` */
export async function getKey(exchange: Exchange, keys: Keys, query: Query): Promise<void> {
  const { api } = exchange;
  const revision = query.integer('revision', 1) ?? 0;
  const { items, revision: storeRevision } = await exchange.member.range(
    rangeOf(keys, revision),
    readOptions(query, api),
  );
  const item = items[0];
  const conditions = preconditions(exchange.request.headers);
  const verdict = conditions === null ? 'Send' : judgeRead(conditions, item?.modRevision ?? 0);
  if (verdict === 'Failed') return refusePrecondition(exchange, item?.modRevision ?? 0);
  if (item === undefined) {
    const when = revision === 0 ? '' : ` at revision ${revision}`;
    return exchange.refuse('key_not_found', `the key does not exist${when}`, { revision: storeRevision });
  }
  const headers = [
    'ETag',
    `"${item.modRevision}"`,
    apiHeaders.revision,
    String(storeRevision),
    apiHeaders.createRevision,
    String(item.createRevision),
    apiHeaders.version,
    String(item.version),
  ];
  if (item.lease !== 0n) headers.push(apiHeaders.lease, String(item.lease));
  if (verdict === 'NotModified') return exchange.sendEmpty(304, headers);
  headers.push('Content-Type', 'application/octet-stream');
  exchange.send(200, headers, item.value);
}

export async function putKey(exchange: Exchange, { key }: Keys, query: Query): Promise<void> {
  const lease = query.has('lease') ? parseLeaseId(query.text('lease'), "the parameter 'lease'") : 0n;
  const returnPrevious = query.flag('prev', false);
  const conditions = preconditions(exchange.request.headers);
  const value = await readBody(exchange, exchange.api.limits.maxValueBytes);
  const put: Put = { kind: 'Put', key, value, lease, returnPrevious, ignoreValue: false, ignoreLease: false };
  const result = await write(exchange, put, conditions, query, value);
  if (result === null) return;
  if (result.kind !== 'Put') throw new Error(`a put was answered with ${result.kind}`);
  const headers = ['ETag', `"${result.revision}"`, 'Content-Type', 'application/json'];
  exchange.send(
    200,
    headers,
    result.previous === null ? `{"revision":${result.revision}}` : JSON.stringify(putToJson(result)),
  );
}

export async function deleteKey(exchange: Exchange, keys: Keys, query: Query): Promise<void> {
  const command: DeleteRange = { kind: 'DeleteRange', ...keys, returnPrevious: query.flag('prev', false) };
  const result = await write(exchange, command, preconditions(exchange.request.headers), query, null);
  if (result === null) return;
  if (result.kind !== 'DeleteRange') throw new Error(`a delete was answered with ${result.kind}`);
  exchange.json(200, deleteToJson(result, command.returnPrevious));
}

/** @returns null where a condition was not met, which has been answered then */
async function write(
  exchange: Exchange,
  command: Put | DeleteRange,
  conditions: Preconditions | null,
  query: Query,
  body: Buffer | null,
): Promise<TxnResult['results'][number] | null> {
  if (conditions === null) {
    const result = await propose(exchange, command, query, body);
    if (result.kind === 'Put' || result.kind === 'DeleteRange') return result;
    throw new Error(`a ${command.kind} was answered with ${result.kind}`);
  }
  const key: Keys = { key: command.key, rangeEnd: null };
  const txn = {
    kind: 'Txn',
    compares: comparesOf(conditions, key),
    success: [command],
    // What is there instead, for the caller's next attempt.
    failure: [{ ...rangeOf(key), keysOnly: true }],
  } as const;
  const result = await propose(exchange, txn, query, body);
  if (result.kind !== 'Txn') throw new Error(`a transaction was answered with ${result.kind}`);
  const first = result.results[0];
  if (first === undefined) throw new Error('a transaction of one operation was answered with none');
  if (result.succeeded) return first;
  const present: KeyValue | undefined = first.kind === 'Range' ? first.items[0] : undefined;
  refusePrecondition(exchange, present?.modRevision ?? 0);
  return null;
}

function refusePrecondition(exchange: Exchange, revision: number): void {
  const present = revision === 0 ? 'the key does not exist' : `the key is at revision ${revision}`;
  const { code, message, detail } = new RequestError('precondition_failed', `the condition is not met: ${present}`, {
    revision,
  });
  exchange.refuse(code, message, detail, revision === 0 ? [] : ['ETag', `"${revision}"`]);
}
