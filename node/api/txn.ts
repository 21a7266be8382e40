/** `POST /v1/txn`: conditions, then one of two lists of operations, all or nothing. */

import { refusalOf } from '../server/store-errors.ts';
import { RequestError } from '../server/types.ts';
import { rangeOf } from '../store/range-of.ts';
import { isReadOnly } from '../store/read-only.ts';
import type { Compare, Failed, Keys, Result, Txn, TxnOperation } from '../store/types.ts';
import { validate } from '../store/validate.ts';
import { readJson } from './body.ts';
import type { ApiLimits } from './context.ts';
import { invalid } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { parseLeaseId, txnToJson } from './json.ts';
import { type JsonObject, objectOf } from './json-object.ts';
import { keysWithPrefix, oneKey } from './keys.ts';
import { propose } from './propose.ts';
import type { Query } from './query.ts';
import { requestOptions, requestParameters } from './request-options.ts';

const maxNesting = 8;

const txnParameters: ReadonlySet<string> = new Set(requestParameters);

export async function txn(exchange: Exchange): Promise<void> {
  const query = exchange.query(txnParameters);
  const { body, json } = await readJson(exchange);
  const command = decodeTxn(objectOf(json, 'the body'), exchange.api.limits);
  const result = await carryOut(exchange, command, query, body);
  if (result.kind !== 'Txn') throw new Error(`a transaction was answered with ${result.kind}`);
  exchange.json(200, txnToJson(result, command));
}

/** What only reads needs no entry in the log, unless its answer is to be remembered. */
async function carryOut(
  exchange: Exchange,
  command: Txn,
  query: Query,
  body: Buffer,
): Promise<Exclude<Result, Failed>> {
  const { api, request, response } = exchange;
  if (!isReadOnly(command) || request.headers['idempotency-key'] !== undefined) {
    return propose(exchange, command, query, body);
  }
  const result =
    validate(command) ??
    (await exchange.member.read(command, {
      ...requestOptions(query, api),
      consistency: 'linearizable',
      isWanted: () => !response.destroyed,
    }));
  if (result.kind === 'Failed') throw refusalOf(result);
  return result;
}

export function decodeTxn(json: JsonObject, limits: Pick<ApiLimits, 'maxValueBytes' | 'maxTxnOperations'>): Txn {
  const { maxValueBytes: maxBytes } = limits;
  const decoder = new TxnDecoder(limits.maxTxnOperations);
  const command = decoder.txn(json, 'the body', 0);
  if (decoder.bytes > maxBytes) {
    throw new RequestError(
      'too_large',
      `keys and values of the transaction have ${decoder.bytes} bytes; ${maxBytes} are allowed`,
    );
  }
  return command;
}

class TxnDecoder {
  bytes = 0;
  readonly #maxOperations: number;

  constructor(maxOperations: number) {
    this.#maxOperations = maxOperations;
  }

  txn(json: JsonObject, at: string, depth: number): Txn {
    if (depth > maxNesting) throw invalid(`transactions nest deeper than ${maxNesting}`);
    json.allow(at, ['if', 'then', 'else']);
    const compares = json
      .array('if', at)
      .map((one, index) => this.#compare(objectOf(one, `${at}.if[${index}]`), `${at}.if[${index}]`));
    const success = this.#branch(json, 'then', at, depth);
    const failure = this.#branch(json, 'else', at, depth);
    for (const [name, size] of [
      ['if', compares.length],
      ['then', weightOf(success)],
      ['else', weightOf(failure)],
    ] as const) {
      if (size > this.#maxOperations)
        throw invalid(`${at}.${name} has ${size} entries, nested ones included; ${this.#maxOperations} are allowed`);
    }
    return { kind: 'Txn', compares, success, failure };
  }

  #branch(json: JsonObject, name: 'then' | 'else', at: string, depth: number): TxnOperation[] {
    return json.array(name, at).map((one, index) => {
      const where = `${at}.${name}[${index}]`;
      return this.#operation(objectOf(one, where), where, depth);
    });
  }

  #operation(json: JsonObject, at: string, depth: number): TxnOperation {
    const kinds = ['put', 'delete', 'get', 'txn'] as const;
    json.allow(at, kinds);
    const given = kinds.filter((kind) => json.has(kind));
    const kind = given[0];
    if (kind === undefined || given.length > 1) throw invalid(`${at} must hold exactly one of put, delete, get, txn`);
    const inner = `${at}.${kind}`;
    const body = objectOf(json.get(kind), inner);
    switch (kind) {
      case 'put': {
        body.allow(inner, ['key', 'key_base64', 'value', 'value_base64', 'lease', 'prev']);
        const { key } = oneKey(this.#bytes(body, 'key', inner) ?? missing(inner, 'key'));
        const value = this.#bytes(body, 'value', inner) ?? missing(inner, 'value');
        const lease = body.has('lease') ? parseLeaseId(body.get('lease'), `${inner}.lease`) : 0n;
        const returnPrevious = body.boolean('prev', inner);
        return { kind: 'Put', key, value, lease, returnPrevious, ignoreValue: false, ignoreLease: false };
      }
      case 'delete':
        body.allow(inner, [...keysFields, 'prev']);
        return { kind: 'DeleteRange', ...this.#keys(body, inner), returnPrevious: body.boolean('prev', inner) };
      case 'get':
        body.allow(inner, [...keysFields, 'limit', 'keys_only', 'count_only']);
        return {
          ...rangeOf(this.#keys(body, inner)),
          limit: body.count('limit', inner) ?? 0,
          keysOnly: body.boolean('keys_only', inner),
          countOnly: body.boolean('count_only', inner),
        };
      case 'txn':
        return this.txn(body, inner, depth + 1);
    }
  }

  #compare(json: JsonObject, at: string): Compare {
    json.allow(at, [...keysFields, 'comparison', ...targets, 'value_base64']);
    const keys = this.#keys(json, at);
    const given = targets.filter((target) => json.has(target) || (target === 'value' && json.has('value_base64')));
    const target = given[0];
    if (target === undefined || given.length > 1)
      throw invalid(`${at} must compare exactly one of ${targets.join(', ')}`);
    if (target === 'exists') {
      if (json.has('comparison')) throw invalid(`${at}: 'exists' takes no 'comparison'`);
      return { ...keys, comparison: json.boolean('exists', at) ? 'NotEqual' : 'Equal', target: 'Create', number: 0 };
    }
    const comparison = comparisons.get(json.has('comparison') ? json.get('comparison') : '=');
    if (comparison === undefined) throw invalid(`${at}.comparison must be one of ${[...comparisons.keys()].join(' ')}`);
    if (target === 'value') {
      return { ...keys, comparison, target: 'Value', value: this.#bytes(json, 'value', at) ?? missing(at, 'value') };
    }
    if (target === 'lease') {
      const lease = json.get('lease') === '0' ? 0n : parseLeaseId(json.get('lease'), `${at}.lease`);
      return { ...keys, comparison, target: 'Lease', lease };
    }
    return {
      ...keys,
      comparison,
      target: numberTargets[target],
      number: json.count(target, at) ?? missing(at, target),
    };
  }

  #keys(json: JsonObject, at: string): Keys {
    const key = this.#bytes(json, 'key', at) ?? missing(at, 'key');
    const rangeEnd = this.#bytes(json, 'range_end', at);
    const isPrefix = json.boolean('prefix', at);
    if (isPrefix) {
      if (rangeEnd !== null) throw invalid(`${at}: give 'range_end' or 'prefix', not both`);
      return keysWithPrefix(key);
    }
    const one = oneKey(key);
    if (rangeEnd === null) return one;
    if (rangeEnd.length === 0) throw invalid(`${at}.range_end is empty; leave it out for one key`);
    return { key, rangeEnd };
  }

  #bytes(json: JsonObject, name: string, at: string): Buffer | null {
    const bytes = json.bytes(name, at);
    this.bytes += bytes?.length ?? 0;
    return bytes;
  }
}

const keysFields = ['key', 'key_base64', 'range_end', 'range_end_base64', 'prefix'] as const;
const targets = ['value', 'create_revision', 'mod_revision', 'version', 'lease', 'exists'] as const;
const numberTargets = { create_revision: 'Create', mod_revision: 'Mod', version: 'Version' } as const;
const comparisons: ReadonlyMap<unknown, Compare['comparison']> = new Map([
  ['=', 'Equal'],
  ['!=', 'NotEqual'],
  ['>', 'Greater'],
  ['<', 'Less'],
] as const);

function weightOf(operations: readonly TxnOperation[]): number {
  let weight = 0;
  for (const operation of operations) {
    weight += 1;
    if (operation.kind === 'Txn') weight += Math.max(weightOf(operation.success), weightOf(operation.failure));
  }
  return weight;
}

function missing(at: string, name: string): never {
  throw invalid(`${at}.${name} is missing`);
}
