/** Every method there is, asked of a learner: nothing is answered that is not listed here. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Code } from './grpc/status.ts';
import { allMethods } from './methods.ts';
import type { Message } from './testing/grpc-client.ts';
import { contextOf, startTestEtcd } from './testing/start-test-etcd.ts';

const key = Buffer.from('k');
const range_end = Buffer.from('l');
const readOnly = (serializable: boolean): Message => ({ success: [{ request_range: { key, serializable } }] });

/** As `service/method`, what its messages begin with, request. What asks for more than the learner has comes second. */
const served: readonly (readonly [path: string, type: string, own: Message, more?: Message])[] = [
  ['etcdserverpb.KV/Range', 'etcdserverpb.Range', { key, serializable: true }, { key }],
  ['etcdserverpb.KV/RangeStream', 'etcdserverpb.Range', { key, range_end, serializable: true }, { key, range_end }],
  ['etcdserverpb.KV/Txn', 'etcdserverpb.Txn', readOnly(true), readOnly(false)],
  ['etcdserverpb.KV/Txn', 'etcdserverpb.Txn', readOnly(true), { success: [{ request_put: { key } }] }],
  ['etcdserverpb.Cluster/MemberList', 'etcdserverpb.MemberList', {}, { linearizable: true }],
  ['etcdserverpb.Maintenance/Status', 'etcdserverpb.Status', {}],
  ['etcdserverpb.Maintenance/Hash', 'etcdserverpb.Hash', {}],
  ['etcdserverpb.Maintenance/HashKV', 'etcdserverpb.HashKV', {}],
  ['etcdserverpb.Maintenance/Snapshot', 'etcdserverpb.Snapshot', {}],
  ['etcdserverpb.Maintenance/Defragment', 'etcdserverpb.Defragment', {}],
  ['grpc.health.v1.Health/Check', 'grpc.health.v1.HealthCheck', {}],
  ['grpc.health.v1.Health/Watch', 'grpc.health.v1.HealthCheck', {}],
  [
    'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    'grpc.reflection.v1.ServerReflection',
    { list_services: '' },
  ],
  [
    'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
    'grpc.reflection.v1alpha.ServerReflection',
    { list_services: '' },
  ],
];

test('a learner answers with what it has, and nothing else', async (t) => {
  const { client, member, faults } = await startTestEtcd(t);
  member.isLearner = true;
  const codeOf = async (path: string, type: string, request: Message): Promise<readonly [number, string]> => {
    const replies = path.endsWith('/RangeStream') ? `${type}Stream` : type;
    const stream = client.open(`/${path}`, [`${type}Request`, `${replies}Response`]);
    stream.send(request);
    if (!path.endsWith('Health/Watch')) stream.end();
    // Of one that stays open, the first answer is enough.
    const first = stream.next().then(
      () => [Code.Ok, ''] as const,
      async () => [(await stream.ended).code, (await stream.ended).message] as const,
    );
    return first.finally(() => stream.http2.close());
  };
  const refused = [Code.FailedPrecondition, 'etcdserver: rpc not supported for learner'] as const;
  for (const [path, type, own, more] of served) {
    assert.deepEqual(await codeOf(path, type, own), [Code.Ok, ''], path);
    if (more !== undefined) assert.deepEqual(await codeOf(path, type, more), refused, path);
  }
  const names = new Set(served.map(([path]) => path));
  const others = Object.keys(allMethods(contextOf(member))).filter((path) => !names.has(path.slice(1)));
  assert.ok(others.length > 30);
  // An empty message is one of each type.
  for (const path of others) assert.deepEqual(await codeOf(path.slice(1), 'etcdserverpb.Status', {}), refused, path);
  assert.deepEqual(faults, []);
});
