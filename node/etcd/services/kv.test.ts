import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestEtcd } from '../testing/start-test-etcd.ts';

test('what is put over gRPC is read over gRPC and over HTTP, on one port', async (t) => {
  const { call, request } = await startTestEtcd(t);
  const put = await call('KV/Put', 'PutRequest', { key: Buffer.from('a'), value: Buffer.from('1') });
  assert.deepEqual(put['header'], { cluster_id: 0xc1n, member_id: 1n, revision: 2n, raft_term: 1n });
  const range = await call('KV/Range', 'RangeRequest', { key: Buffer.from('a') });
  assert.deepEqual(range['kvs'], [
    {
      key: Buffer.from('a'),
      value: Buffer.from('1'),
      create_revision: 2n,
      mod_revision: 2n,
      version: 1n,
      lease: 0n,
    },
  ]);
  assert.equal(range['count'], 1n);
  assert.equal(await (await request('/v1/kv/a')).text(), '1');
});
