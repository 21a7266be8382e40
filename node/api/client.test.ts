/** The project's own client against the API: what one writes the other reads. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { type Client, compare, createClient, operation } from '../../client/index.ts';
import { startTestApi } from './testing/start-test-api.ts';

async function start(t: TestContext): Promise<{ client: Client; api: Awaited<ReturnType<typeof startTestApi>> }> {
  const api = await startTestApi(t);
  return { api, client: createClient({ endpoints: [api.url], timeoutMs: 10_000 }) };
}

test('keys of any bytes are put, read and deleted', async (t) => {
  const { client } = await start(t);
  const keys = ['a', 'a/b', '.', '..', 'ä ?&#%+', '/', Buffer.from([0, 255]), '💾'];
  for (const [at, key] of keys.entries()) await client.put(key, Buffer.from([at, 0xff]));
  for (const [at, key] of keys.entries()) {
    const found = await client.get(key);
    assert.deepEqual(Buffer.from(found!.valueBytes), Buffer.from([at, 0xff]));
    assert.deepEqual([found!.modRevision, found!.version], [at + 2, 1]);
  }
  for (const key of keys) assert.equal((await client.delete(key, { prev: true })).previous.length, 1);
  assert.equal(await client.get('a'), null);
});

test('conditions, pages, counts and ranges', async (t) => {
  const { client } = await start(t);
  for (let at = 0; at < 7; at++) await client.put(`k/${at}`, String(at), { ifAbsent: true });
  await assert.rejects(client.put('k/0', 'x', { ifAbsent: true }), { code: 'precondition_failed', revision: 2 });
  await client.put('k/0', 'x', { ifRevision: 2 });
  const values: string[] = [];
  for await (const item of client.range({ prefix: 'k/', limit: 3, revision: 8 })) values.push(item.value);
  assert.deepEqual(values, ['0', '1', '2', '3', '4', '5', '6']);
  assert.equal(await client.count({ prefix: 'k/', from: 'k/5' }), 2);
  assert.equal((await client.deletePrefix('k/')).deleted, 7);
});

test('transactions, with their pieces', async (t) => {
  const { client } = await start(t);
  const lock = () =>
    client.txn({
      if: [compare.absent('lock')],
      then: [operation.put('lock', 'mine')],
      else: [operation.get('lock')],
    });
  assert.equal((await lock()).succeeded, true);
  const second = await lock();
  assert.equal(second.succeeded, false);
  assert.ok(second.results[0]?.kind === 'get' && second.results[0].get.items[0]?.value === 'mine');
});

test('a watch goes on after its stream was ended', async (t) => {
  const { client, api } = await start(t);
  const watch = client.watch({ prefix: '' });
  await watch.start();
  const seen: number[] = [];
  let at = 0;
  await client.put('a', String(at++));
  for await (const { revision } of watch) {
    seen.push(revision);
    if (seen.length === 6) break;
    if (seen.length === 3) api.member.store.close();
    await client.put('a', String(at++));
  }
  assert.deepEqual(seen, [2, 3, 4, 5, 6, 7]);
});

test('leases, compaction, status and readiness', async (t) => {
  const { client } = await start(t);
  const { id, ttlSeconds } = await client.grantLease(60);
  assert.equal(ttlSeconds, 60);
  await client.put('leased', 'v', { lease: id });
  assert.equal((await client.get('leased'))?.lease, id);
  assert.deepEqual((await client.lease(id, { keys: true })).keys, ['leased']);
  assert.equal((await client.keepAlive(id)).ttlSeconds, 60);
  await client.revokeLease(id);
  assert.deepEqual(await client.leases(), []);
  assert.equal((await client.compact(3)).compacted_revision, 3);
  await assert.rejects(client.get('leased', { revision: 2 }), { code: 'compacted', compactedRevision: 3 });
  assert.equal((await client.status()).name, 'm1');
  assert.equal((await client.readiness()).ready, true);
  assert.equal((await client.version()).quorate, '0.1.0');
});

test('members and records', async (t) => {
  const { client } = await start(t);
  const incarnation = 'ab'.repeat(16);
  assert.equal((await client.cluster()).members.length, 2);
  assert.deepEqual(await client.addMember({ name: 'm3', peer_address: 'h:3', incarnation }), {
    id: 3,
    config_index: 9,
  });
  assert.deepEqual(await client.promoteMember(3), { config_index: 9 });
  assert.deepEqual(await client.removeMember(3, { expected_config_index: 9 }), { config_index: 9 });
  assert.deepEqual(await client.replaceVoters({ voters: [1, 2] }), { config_index: 9 });
  assert.deepEqual(await client.transferLeader({ to: 2 }), { leader: 2 });
  const record = { cluster_id: '00000000000000c1', founders: [{ id: 1, name: 'm', peer_address: 'h:1', incarnation }] };
  assert.deepEqual(await client.bootstrap(record), record);
  await client.join({
    cluster_id: record.cluster_id,
    member_id: 1,
    incarnation,
    peers: [{ id: 1, peer_address: 'h', incarnation }],
  });
  await client.recover({ cluster_id: record.cluster_id, nonce: 'n' });
});

test('a snapshot', async (t) => {
  const { client, api } = await start(t);
  api.member.snapshotChunks = [Buffer.from('one'), Buffer.from('two')];
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await client.snapshot()).chunks) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'onetwo');
});
