import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestEtcd } from './testing/start-test-etcd.ts';

test('whoever watches the API is told how each call has ended', async (t) => {
  const { call, calls, client } = await startTestEtcd(t);
  await call('KV/Put', 'PutRequest', { key: Buffer.from('a') });
  await assert.rejects(call('KV/Put', 'PutRequest', {}));
  const watch = client.open('/etcdserverpb.Watch/Watch', ['etcdserverpb.WatchRequest', 'etcdserverpb.WatchResponse']);
  watch.send({ create_request: { key: Buffer.from('a') } });
  await watch.next();
  assert.deepEqual(calls, ['/etcdserverpb.KV/Put OK', '/etcdserverpb.KV/Put InvalidArgument']);
  watch.http2.close();
  while (calls.length < 3) await new Promise(setImmediate);
  assert.equal(calls[2], '/etcdserverpb.Watch/Watch OK');
});
