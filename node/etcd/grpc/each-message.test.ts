import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import test from 'node:test';
import { frame } from '../testing/grpc-client.ts';
import { startTestEtcd, type TestEtcd } from '../testing/start-test-etcd.ts';
import { Code } from './status.ts';

const path = '/etcdserverpb.Lease/LeaseKeepAlive';
const types = ['etcdserverpb.LeaseKeepAliveRequest', 'etcdserverpb.LeaseKeepAliveResponse'] as const;
const MAX_RUNNING = 128;

function asked({ member }: TestEtcd): number {
  return member.calls.filter(([name]) => name === 'keepAlive').length;
}

/** What comes in a turn was taken by the server when the next answer of another stream is there. */
async function settled({ client }: TestEtcd): Promise<void> {
  await client.outcome(
    '/grpc.health.v1.Health/Check',
    ['grpc.health.v1.HealthCheckRequest', 'grpc.health.v1.HealthCheckResponse'],
    {},
  );
}

test('messages in pieces, and many in one piece', async (t) => {
  const { client } = await startTestEtcd(t);
  const stream = client.open(path, types);
  const bytes = Buffer.concat([1n, 2n, 3n].map((ID) => frame(types[0], { ID })));
  stream.http2.write(bytes.subarray(0, 9));
  await new Promise(setImmediate);
  stream.http2.write(bytes.subarray(9));
  stream.end();
  const { code, replies } = await stream.ended;
  assert.equal(code, Code.Ok);
  assert.deepEqual(
    replies.map(({ ID }) => ID),
    [1n, 2n, 3n],
  );
});

test('one caller has no more than so many answered at once, and all in the end', async (t) => {
  const etcd = await startTestEtcd(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  etcd.member.gate = promise;
  const stream = etcd.client.open(path, types);
  const ids = Array.from({ length: 3 * MAX_RUNNING }, (_, n) => BigInt(n + 1));
  stream.http2.end(Buffer.concat(ids.map((ID) => frame(types[0], { ID }))));
  while (asked(etcd) < MAX_RUNNING) await new Promise(setImmediate);
  await settled(etcd);
  assert.equal(asked(etcd), MAX_RUNNING);
  resolve();
  const { code, replies } = await stream.ended;
  assert.deepEqual([code, replies.length, asked(etcd)], [Code.Ok, ids.length, ids.length]);
});

test('the call is over at its deadline, and when one answer fails', async (t) => {
  const etcd = await startTestEtcd(t);
  const late = etcd.client.open(path, types, { 'grpc-timeout': '50m' });
  late.send({ ID: 1n });
  assert.equal((await late.ended).code, Code.DeadlineExceeded);
  const malformed = etcd.client.open(path, types);
  malformed.http2.write(Buffer.from([0, 0, 0, 0, 2, 0x0a, 9]));
  assert.equal((await malformed.ended).code, Code.Internal);
  const flagged = etcd.client.open(path, types);
  flagged.http2.write(Buffer.from([1, 0, 0, 0, 0]));
  assert.equal((await flagged.ended).code, Code.Internal);
  assert.deepEqual(etcd.calls.slice(-2), [`${path} Internal`, `${path} Internal`]);
});

test('a caller that goes away before its answer harms nobody', async (t) => {
  const etcd = await startTestEtcd(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  etcd.member.gate = promise;
  const stream = etcd.client.open(path, types);
  stream.send({ ID: 1n });
  while (asked(etcd) < 1) await new Promise(setImmediate);
  stream.http2.close(constants.NGHTTP2_CANCEL);
  await once(stream.http2, 'close');
  resolve();
  await settled(etcd);
  assert.deepEqual(etcd.calls.filter((call) => call.startsWith(path)).length, 1);
  assert.deepEqual(etcd.faults, []);
});
