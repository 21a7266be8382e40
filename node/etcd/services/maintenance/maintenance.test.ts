import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { RequestError } from '../../../server/types.ts';
import { startTestEtcd } from '../../testing/start-test-etcd.ts';

const types = (name: string): readonly [string, string] => [
  `etcdserverpb.${name}Request`,
  `etcdserverpb.${name}Response`,
];

test('the status is that of this member, also while it serves nothing', async (t) => {
  const { call, member } = await startTestEtcd(t);
  member.statusChange = { db_size_bytes: 100, log_size_bytes: 11, applied: 7, commit: 8 };
  const answer = await call('Maintenance/Status', 'StatusRequest', {});
  assert.equal(answer['version'], '3.5.21');
  assert.deepEqual([answer['dbSize'], answer['raftIndex'], answer['raftAppliedIndex']], [111n, 8n, 7n]);
  assert.deepEqual([answer['leader'], answer['isLearner'], answer['errors']], [1n, false, []]);
  member.failure = new RequestError('parked', 'it is parked');
  member.statusChange = { state: 'Parked', message: 'empty: waits to be told', leader: 0 };
  const parked = await call('Maintenance/Status', 'StatusRequest', {});
  assert.deepEqual(parked['errors'], ['empty: waits to be told']);
});

test('a disk without space is the alarm NOSPACE, and only space takes it away', async (t) => {
  const { call, member } = await startTestEtcd(t);
  const get = async (): Promise<unknown> => (await call('Maintenance/Alarm', 'AlarmRequest', {}))['alarms'];
  assert.deepEqual(await get(), []);
  member.statusChange = { no_space: true };
  assert.deepEqual(await get(), [{ memberID: 1n, alarm: 1 }]);
  const { errors } = (await call('Maintenance/Status', 'StatusRequest', {})) as { errors: string[] };
  assert.deepEqual(errors, ['memberID:1 alarm:NOSPACE ']);
  await call('Maintenance/Alarm', 'AlarmRequest', { action: 2, memberID: 1n, alarm: 1 });
  assert.deepEqual(await get(), [{ memberID: 1n, alarm: 1 }]);
  member.statusChange = {};
  assert.deepEqual(await get(), []);
});

test('members that hold other keys are the alarm CORRUPT: writes and health are refused until it is disarmed', async (t) => {
  const { call, client, member, url } = await startTestEtcd(t);
  const get = async (request = {}): Promise<unknown> =>
    (await call('Maintenance/Alarm', 'AlarmRequest', request))['alarms'];
  const health = ['grpc.health.v1.HealthCheckRequest', 'grpc.health.v1.HealthCheckResponse'] as const;
  const key = Buffer.from('a');
  await call('KV/Put', 'PutRequest', { key });
  await member.propose({ kind: 'MarkCorrupt', members: [0, 2], isCorrupt: true }, { timeoutMs: 1 });
  const [unknown, second] = [
    { memberID: 0n, alarm: 2 },
    { memberID: 2n, alarm: 2 },
  ];
  assert.deepEqual(await get(), [unknown, second]);
  assert.deepEqual(await get({ memberID: 2n }), [second]);
  assert.deepEqual(await get({ alarm: 1 }), []);
  const { errors } = (await call('Maintenance/Status', 'StatusRequest', {})) as { errors: string[] };
  assert.deepEqual(errors, ['memberID:0 alarm:CORRUPT ', 'memberID:2 alarm:CORRUPT ']);
  for (const [path, type, request] of [
    ['KV/Put', 'PutRequest', { key }],
    ['KV/DeleteRange', 'DeleteRangeRequest', { key }],
    ['KV/Txn', 'TxnRequest', { success: [{ request_put: { key } }] }],
    ['KV/Compact', 'CompactionRequest', { revision: 1n }],
    ['Lease/LeaseGrant', 'LeaseGrantRequest', { TTL: 60n }],
    ['Lease/LeaseRevoke', 'LeaseRevokeRequest', { ID: 7n }],
  ] as const) {
    await assert.rejects(call(path, type, request), /^Error: 15 etcdserver: corrupt cluster$/, path);
  }
  assert.equal((await call('KV/Range', 'RangeRequest', { key }))['count'], 1n);
  assert.deepEqual(await client.call('/grpc.health.v1.Health/Check', health, {}), { status: 2 });
  assert.equal((await fetch(`${url}/v1/kv/a`, { method: 'PUT', body: 'x' })).status, 500);

  const disarm = async (request: object): Promise<unknown> => get({ action: 2, ...request });
  assert.deepEqual(await disarm({ memberID: 2n, alarm: 1 }), []);
  assert.deepEqual(await disarm({ memberID: 2n ** 64n - 1n, alarm: 2 }), []);
  assert.deepEqual(await disarm({ memberID: 2n, alarm: 2 }), [second]);
  await assert.rejects(call('KV/Put', 'PutRequest', { key }), /corrupt cluster/);
  assert.deepEqual(await disarm({ memberID: 0n, alarm: 2 }), [unknown]);
  await call('KV/Put', 'PutRequest', { key });
  assert.deepEqual(await client.call('/grpc.health.v1.Health/Check', health, {}), { status: 1 });
});

test('hashes are equal for equal keys, at any revision that is left', async (t) => {
  const { call } = await startTestEtcd(t);
  await call('KV/Put', 'PutRequest', { key: Buffer.from('a'), value: Buffer.from('1') });
  const first = await call('Maintenance/HashKV', 'HashKVRequest', {});
  assert.deepEqual([first['hash_revision'], first['header'].revision], [2n, 2n]);
  await call('KV/Put', 'PutRequest', { key: Buffer.from('b'), value: Buffer.from('1') });
  const second = await call('Maintenance/HashKV', 'HashKVRequest', {});
  assert.notEqual(first['hash'], second['hash']);
  const past = await call('Maintenance/HashKV', 'HashKVRequest', { revision: 2 });
  assert.equal(past['hash'], first['hash']);
  assert.equal((await call('Maintenance/Hash', 'HashRequest', {}))['hash'], second['hash']);
  await assert.rejects(
    call('Maintenance/HashKV', 'HashKVRequest', { revision: 9 }),
    /^Error: 11 etcdserver: mvcc: required revision is a future revision$/,
  );
});

test('a snapshot is blocks of 512 bytes and their SHA-256', async (t) => {
  const { client, member } = await startTestEtcd(t);
  member.snapshotChunks = [Buffer.alloc(700, 1), Buffer.alloc(3 << 20, 2)];
  const { code, replies } = await client.outcome('/etcdserverpb.Maintenance/Snapshot', types('Snapshot'), {});
  assert.equal(code, 0);
  const all = Buffer.concat(replies.map((reply) => reply['blob'] as Buffer));
  assert.equal(all.length % 512, 32);
  assert.deepEqual(all.subarray(-32), createHash('sha256').update(all.subarray(0, -32)).digest());
  assert.deepEqual(all.subarray(0, 700 + (3 << 20)), Buffer.concat(member.snapshotChunks));
  assert.equal(replies.at(-1)?.['remaining_bytes'], 0n);
  assert.equal(member.snapshotsOpen, 0);
});

test('only the leader hands leadership over, and only to a voter', async (t) => {
  const { call, member } = await startTestEtcd(t);
  const members = [
    { id: 1, name: 'm1', peer_address: 'a:1', incarnation: '1', role: 'Voter' as const },
    { id: 2, name: 'm2', peer_address: 'b:1', incarnation: '2', role: 'Voter' as const },
    { id: 3, name: 'm3', peer_address: 'c:1', incarnation: '3', role: 'Learner' as const },
  ];
  member.statusChange = { members };
  await call('Maintenance/MoveLeader', 'MoveLeaderRequest', { targetID: 2n });
  assert.deepEqual(
    member.calls.filter(([name]) => name === 'transferLeader').map(([, what]) => (what as { to: number }).to),
    [2],
  );
  for (const targetID of [3n, 4n]) {
    await assert.rejects(
      call('Maintenance/MoveLeader', 'MoveLeaderRequest', { targetID }),
      /9 .*bad leader transferee/,
    );
  }
});

test('there is no way down to an older format', async (t) => {
  const { call } = await startTestEtcd(t);
  const ask = (action: number, version: string): Promise<unknown> =>
    call('Maintenance/Downgrade', 'DowngradeRequest', { action, version });
  await assert.rejects(ask(0, '3.4.0'), /^Error: 3 etcdserver: invalid downgrade target version$/);
  await assert.rejects(ask(1, 'x'), /^Error: 3 etcdserver: wrong downgrade target version format$/);
  await assert.rejects(ask(2, ''), /^Error: 9 etcdserver: no downgrade job in progress$/);
});

test('defragment waits for what compaction has given up', async (t) => {
  const { call, member } = await startTestEtcd(t);
  await call('Maintenance/Defragment', 'DefragmentRequest', {});
  assert.ok(member.calls.some(([name]) => name === 'erased'));
});
