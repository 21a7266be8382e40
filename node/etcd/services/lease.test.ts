import assert from 'node:assert/strict';
import test from 'node:test';
import { RequestError } from '../../server/types.ts';
import type { Message } from '../testing/grpc-client.ts';
import { startTestEtcd, type TestEtcd } from '../testing/start-test-etcd.ts';

const grant = ({ call }: TestEtcd, request: Message): Promise<Message> =>
  call('Lease/LeaseGrant', 'LeaseGrantRequest', request);
const keepAlive = ['etcdserverpb.LeaseKeepAliveRequest', 'etcdserverpb.LeaseKeepAliveResponse'] as const;

test('grant, look at, list, revoke', async (t) => {
  const etcd = await startTestEtcd(t);
  const { call } = etcd;
  const granted = await grant(etcd, { ID: 7n, TTL: 60n });
  assert.deepEqual([granted['ID'], granted['TTL'], granted['header'].revision], [7n, 60n, 1n]);
  await call('KV/Put', 'PutRequest', { key: Buffer.from('a'), lease: 7n });
  const found = await call('Lease/LeaseTimeToLive', 'LeaseTimeToLiveRequest', { ID: 7n, keys: true });
  assert.deepEqual([found['TTL'], found['grantedTTL'], found['keys'].map(String)], [60n, 60n, ['a']]);
  const named = await call('Lease/LeaseTimeToLive', 'LeaseTimeToLiveRequest', { ID: 7n });
  assert.deepEqual(named['keys'], []);
  assert.deepEqual((await call('Lease/LeaseLeases', 'LeaseLeasesRequest', {}))['leases'], [{ ID: 7n }]);
  const revoked = await call('Lease/LeaseRevoke', 'LeaseRevokeRequest', { ID: 7n });
  assert.equal(revoked['header'].revision, 3n);
  assert.equal((await call('KV/Range', 'RangeRequest', { key: Buffer.from('a') }))['count'], 0n);
});

test('the server chooses an id where there is none, and what cannot be is refused', async (t) => {
  const etcd = await startTestEtcd(t);
  const { ID } = await grant(etcd, { TTL: -5n });
  assert.ok(ID > 0n);
  await assert.rejects(grant(etcd, { ID, TTL: 10n }), { message: '9 etcdserver: lease already exists' });
  await assert.rejects(grant(etcd, { TTL: 9_000_000_001n }), { message: '11 etcdserver: too large lease TTL' });
  const gone = { message: '5 etcdserver: requested lease not found' };
  await assert.rejects(etcd.call('Lease/LeaseRevoke', 'LeaseRevokeRequest', { ID: 99n }), gone);
  await assert.rejects(etcd.call('Lease/LeaseRevoke', 'LeaseRevokeRequest', { ID: -1n }), gone);
  const unknown = await etcd.call('Lease/LeaseTimeToLive', 'LeaseTimeToLiveRequest', { ID: 99n });
  assert.deepEqual([unknown['ID'], unknown['TTL'], unknown['grantedTTL']], [99n, -1n, 0n]);
});

test('many leases are kept alive over one stream; one that is gone has 0 seconds', async (t) => {
  const etcd = await startTestEtcd(t);
  const ids = Array.from({ length: 300 }, (_, n) => BigInt(n + 1));
  for (const ID of ids) await grant(etcd, { ID, TTL: 60n });
  const stream = etcd.client.open('/etcdserverpb.Lease/LeaseKeepAlive', keepAlive);
  for (const ID of ids) stream.send({ ID });
  stream.send({ ID: 1000n });
  stream.end();
  const { code, replies } = await stream.ended;
  assert.equal(code, 0);
  const seconds = new Map(replies.map((reply) => [reply['ID'], reply['TTL']]));
  assert.deepEqual(seconds, new Map([...ids.map((id) => [id, 60n] as const), [1000n, 0n]]));
  assert.equal(replies[0]!['header'].revision, 1n);
});

test('a stream of keep-alives ends with what went wrong', async (t) => {
  const etcd = await startTestEtcd(t);
  const stream = etcd.client.open('/etcdserverpb.Lease/LeaseKeepAlive', keepAlive);
  etcd.member.failure = new RequestError('no_leader', 'nobody leads');
  stream.send({ ID: 1n });
  const { code, message } = await stream.ended;
  assert.deepEqual([code, message], [14, 'etcdserver: no leader']);
});
