/** `/v1/leases`: keys that go away unless someone keeps them alive. */

import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type {
  ApiKeepAliveAnswer,
  ApiLeaseAnswer,
  ApiLeaseRevokeAnswer,
  ApiLeaseStatus,
  ApiLeases,
} from '../../client/types.ts';
import type { LeaseId } from '../store/types.ts';
import { readJson } from './body.ts';
import { invalid } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { parseLeaseId } from './json.ts';
import { objectOf } from './json-object.ts';
import { propose } from './propose.ts';
import { readOptions, readParameters, requestOptions, requestParameters } from './request-options.ts';

/** The same as etcd's. */
const maxTtlSeconds = 9_000_000_000;

const grantParameters: ReadonlySet<string> = new Set(requestParameters);
const listParameters: ReadonlySet<string> = new Set(readParameters);
const statusParameters: ReadonlySet<string> = new Set(['keys', ...requestParameters]);

export async function grantLease(exchange: Exchange): Promise<void> {
  const query = exchange.query(grantParameters);
  const { body, json } = await readJson(exchange);
  const fields = objectOf(json, 'the body');
  fields.allow('the body', ['id', 'ttl_seconds']);
  const ttlSeconds = fields.count('ttl_seconds', 'the body');
  if (ttlSeconds === null || ttlSeconds < 1 || ttlSeconds > maxTtlSeconds) {
    throw invalid(`the body.ttl_seconds must be a whole number from 1 to ${maxTtlSeconds}`);
  }
  const id = fields.has('id') ? parseLeaseId(fields.get('id'), 'the body.id') : randomLeaseId();
  const result = await propose(exchange, { kind: 'LeaseGrant', id, ttlSeconds }, query, body);
  if (result.kind !== 'Lease') throw new Error(`a grant was answered with ${result.kind}`);
  const answer: ApiLeaseAnswer = { id: String(result.id), ttl_seconds: result.ttlSeconds, revision: result.revision };
  exchange.json(200, answer);
}

export async function listLeases(exchange: Exchange): Promise<void> {
  const leases = await exchange.member.leases(readOptions(exchange.query(listParameters), exchange.api));
  const answer: ApiLeases = {
    leases: leases.map(({ id, ttlSeconds }) => ({ id: String(id), ttl_seconds: ttlSeconds })),
  };
  exchange.json(200, answer);
}

export async function leaseStatus(exchange: Exchange, parameters: LeaseParameters): Promise<void> {
  const query = exchange.query(statusParameters);
  const id = leaseOf(parameters);
  const withKeys = query.flag('keys', false);
  const { lease, remainingSeconds, keys } = await exchange.member.timeToLive(
    id,
    withKeys,
    requestOptions(query, exchange.api),
  );
  const answer: ApiLeaseStatus = {
    id: String(lease.id),
    ttl_seconds: lease.ttlSeconds,
    remaining_seconds: remainingSeconds,
  };
  if (withKeys) {
    answer.keys = keys.filter((key) => isUtf8(key)).map((key) => key.toString('utf8'));
    const others = keys.filter((key) => !isUtf8(key));
    if (others.length > 0) answer.keys_base64 = others.map((key) => key.toString('base64'));
  }
  exchange.json(200, answer);
}

export async function keepLeaseAlive(exchange: Exchange, parameters: LeaseParameters): Promise<void> {
  const id = leaseOf(parameters);
  const options = requestOptions(exchange.query(grantParameters), exchange.api);
  const { ttlSeconds } = await exchange.member.keepAlive(id, options);
  const answer: ApiKeepAliveAnswer = { id: String(id), ttl_seconds: ttlSeconds };
  exchange.json(200, answer);
}

export async function revokeLease(exchange: Exchange, parameters: LeaseParameters): Promise<void> {
  const query = exchange.query(grantParameters);
  const result = await propose(exchange, { kind: 'LeaseRevoke', id: leaseOf(parameters) }, query, null);
  if (result.kind !== 'Leases') throw new Error(`a revocation was answered with ${result.kind}`);
  const answer: ApiLeaseRevokeAnswer = { revision: result.revision };
  exchange.json(200, answer);
}

export type LeaseParameters = Readonly<Record<string, string>>;

function leaseOf(parameters: LeaseParameters): LeaseId {
  return parseLeaseId(parameters['id'], 'the id in the path');
}

/** Positive, and below 2^63: every client can hold it as a signed 64-bit integer. */
function randomLeaseId(): LeaseId {
  const id = randomBytes(8).readBigUInt64BE() >> 1n;
  return id === 0n ? 1n : id;
}
