/** The token that guards `/v1` guards the same over gRPC; see methods.ts. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { assertAdmin } from '../api/admin-auth.ts';
import { Code } from './grpc/status.ts';
import { startTestEtcd } from './testing/start-test-etcd.ts';

const calls: readonly (readonly [path: string, messages: readonly [string, string], request: object])[] = [
  ['KV/Compact', ['CompactionRequest', 'CompactionResponse'], { revision: 1 }],
  ['Cluster/MemberRemove', ['MemberRemoveRequest', 'MemberRemoveResponse'], { ID: 99 }],
  ['Maintenance/MoveLeader', ['MoveLeaderRequest', 'MoveLeaderResponse'], { targetID: 99 }],
  ['Maintenance/Snapshot', ['SnapshotRequest', 'SnapshotResponse'], {}],
  ['Auth/UserAdd', ['AuthUserAddRequest', 'AuthUserAddResponse'], { name: 'root', password: 'x' }],
  ['Auth/AuthEnable', ['AuthEnableRequest', 'AuthEnableResponse'], {}],
];

test('administrative methods want the token, others do not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-admin-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'secret\n');
  const { client, call } = await startTestEtcd(t, {}, {}, async (request) => {
    await assertAdmin({ tokenFile, certificateNames: null }, request, { error: () => {} });
  });
  for (const [path, [request, response], fields] of calls) {
    const types = [`etcdserverpb.${request}`, `etcdserverpb.${response}`] as const;
    const askWith = (headers: Record<string, string>) =>
      client.outcome(`/etcdserverpb.${path}`, types, fields, headers);
    for (const headers of [{}, { authorization: 'Bearer guess' }]) {
      const { code, message } = await askWith(headers);
      assert.equal(code, Code.Unauthenticated, path);
      // To these clients ask again, some without end.
      assert.ok(message !== 'etcdserver: invalid auth token' && message !== 'etcdserver: user name is empty', message);
    }
    assert.notEqual((await askWith({ authorization: 'Bearer secret' })).code, Code.Unauthenticated, path);
  }
  await call('KV/Put', 'PutRequest', { key: Buffer.from('a'), value: Buffer.from('b') });
  await call('Cluster/MemberList', 'MemberListRequest', {});
});
