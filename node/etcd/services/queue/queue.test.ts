import assert from 'node:assert/strict';
import test from 'node:test';
import type { GrpcStream, Message } from '../../testing/grpc-client.ts';
import { startTestEtcd, type TestEtcd } from '../../testing/start-test-etcd.ts';

const name = Buffer.from('jobs');

async function lease({ call }: TestEtcd): Promise<bigint> {
  return (await call('Lease/LeaseGrant', 'LeaseGrantRequest', { TTL: 60 }))['ID'] as bigint;
}

function open({ client }: TestEtcd, service: 'lock.Lock' | 'election.Election', method: string): GrpcStream {
  const types = `v3${service.split('.')[0]}pb`;
  const request = method === 'Observe' ? 'Leader' : method;
  return client.open(`/v3${service.replace('.', 'pb.')}/${method}`, [
    `${types}.${request}Request`,
    `${types}.${request}Response`,
  ]);
}

function ask(etcd: TestEtcd, service: 'lock.Lock' | 'election.Election', method: string, request: Message): GrpcStream {
  const stream = open(etcd, service, method);
  stream.send(request);
  stream.end();
  return stream;
}

const keys = async ({ call }: TestEtcd): Promise<string[]> => {
  const range = { key: Buffer.from('jobs/'), range_end: Buffer.from('jobs0') };
  return ((await call('KV/Range', 'RangeRequest', range))['kvs'] as Message[]).map((kv) => String(kv['key']));
};

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

test('a lock has one holder at a time, in order of asking', async (t) => {
  const etcd = await startTestEtcd(t);
  const [a, b, c] = [await lease(etcd), await lease(etcd), await lease(etcd)];
  const first = await ask(etcd, 'lock.Lock', 'Lock', { name, lease: a }).next();
  assert.equal(String(first['key']), `jobs/${a.toString(16)}`);
  const second = ask(etcd, 'lock.Lock', 'Lock', { name, lease: b });
  await until(async () => (await keys(etcd)).length === 2);
  const third = ask(etcd, 'lock.Lock', 'Lock', { name, lease: c });
  await until(async () => (await keys(etcd)).length === 3);
  // The same lease has the lock already.
  assert.deepEqual((await ask(etcd, 'lock.Lock', 'Lock', { name, lease: a }).next())['key'], first['key']);
  assert.deepEqual([second.replies, third.replies], [[], []]);
  await ask(etcd, 'lock.Lock', 'Unlock', { key: first['key'] }).next();
  const held = await second.next();
  assert.ok(held['header'].revision > first['header'].revision);
  assert.deepEqual(third.replies, []);
  await etcd.call('Lease/LeaseRevoke', 'LeaseRevokeRequest', { ID: b });
  await third.next();
});

test('whoever stops waiting gives its place up', async (t) => {
  const etcd = await startTestEtcd(t);
  await ask(etcd, 'lock.Lock', 'Lock', { name, lease: await lease(etcd) }).next();
  const waiting = ask(etcd, 'lock.Lock', 'Lock', { name, lease: await lease(etcd) });
  await until(async () => (await keys(etcd)).length === 2);
  waiting.http2.close();
  await until(async () => (await keys(etcd)).length === 1);
  assert.equal(etcd.member.watchesOpen, 0);
});

test('a lock without a lease gets one, and one of a lease that is gone is refused', async (t) => {
  const etcd = await startTestEtcd(t);
  const { key } = await ask(etcd, 'lock.Lock', 'Lock', { name }).next();
  assert.match(String(key), /^jobs\/[1-9a-f][0-9a-f]*$/);
  const outcome = await ask(etcd, 'lock.Lock', 'Lock', { name, lease: 77n }).ended;
  assert.deepEqual([outcome.code, outcome.message], [5, 'etcdserver: requested lease not found']);
});

test('an election: campaign, leader, proclaim, observe, resign', async (t) => {
  const etcd = await startTestEtcd(t);
  const noOne = await ask(etcd, 'election.Election', 'Leader', { name }).ended;
  assert.deepEqual([noOne.code, noOne.message], [2, 'election: no leader']);
  const observed = ask(etcd, 'election.Election', 'Observe', { name });
  const campaign = (value: string, of: bigint): GrpcStream =>
    ask(etcd, 'election.Election', 'Campaign', { name, lease: of, value: Buffer.from(value) });
  const [a, b] = [await lease(etcd), await lease(etcd)];
  const { leader } = await campaign('a', a).next();
  assert.deepEqual([String(leader.name), leader.lease], ['jobs', a]);
  const seen = async (): Promise<string> => String((await observed.next())['kv'].value);
  assert.equal(await seen(), 'a');
  const other = campaign('b', b);
  await until(async () => (await keys(etcd)).length === 2);
  await ask(etcd, 'election.Election', 'Proclaim', { leader, value: Buffer.from('a2') }).next();
  assert.equal(await seen(), 'a2');
  assert.equal(String((await ask(etcd, 'election.Election', 'Leader', { name }).next())['kv'].value), 'a2');
  assert.deepEqual(other.replies, []);
  await ask(etcd, 'election.Election', 'Resign', { leader }).next();
  await other.next();
  assert.equal(await seen(), 'b');
  const late = await ask(etcd, 'election.Election', 'Proclaim', { leader, value: Buffer.from('x') }).ended;
  assert.deepEqual([late.code, late.message], [2, 'election: not leader']);
  assert.equal((await ask(etcd, 'election.Election', 'Resign', {}).ended).message, '"leader" field must be provided');
  // A second campaign of the same lease is the first one, with another value.
  await campaign('b2', b).next();
  assert.equal(await seen(), 'b2');
  observed.http2.close();
  await until(async () => etcd.member.watchesOpen === 0);
});
