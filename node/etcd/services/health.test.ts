import assert from 'node:assert/strict';
import test from 'node:test';
import { Drain } from '../../api/drain.ts';
import { startTestEtcd } from '../testing/start-test-etcd.ts';

const types = ['grpc.health.v1.HealthCheckRequest', 'grpc.health.v1.HealthCheckResponse'] as const;
const notReady = { ready: false, checks: [{ name: 'leader', ok: false }] };

test('health follows readiness', async (t) => {
  const { client, member } = await startTestEtcd(t);
  const check = (service: string) => client.call('/grpc.health.v1.Health/Check', types, { service });
  assert.deepEqual(await check(''), { status: 1 });
  assert.deepEqual(await check('etcdserverpb.KV'), { status: 1 });
  await assert.rejects(check('nobody'), /^Error: 5 unknown service$/);
  member.readinessAnswer = notReady;
  assert.deepEqual(await check(''), { status: 2 });
});

test('a watch tells of each change, of the way out too', async (t) => {
  const drain = new Drain();
  const { client, member } = await startTestEtcd(t, {}, { drain });
  const stream = client.open('/grpc.health.v1.Health/Watch', types);
  stream.send({});
  stream.end();
  assert.deepEqual(await stream.next(), { status: 1 });
  member.readinessAnswer = notReady;
  assert.deepEqual(await stream.next(), { status: 2 });
  member.readinessAnswer = { ready: true, checks: [] };
  assert.deepEqual(await stream.next(), { status: 1 });
  const takeBack = drain.begin();
  assert.deepEqual(await client.call('/grpc.health.v1.Health/Check', types, {}), { status: 2 });
  assert.deepEqual(await stream.next(), { status: 2 });
  takeBack();
  assert.deepEqual(await stream.next(), { status: 1 });
  stream.http2.close();
});
