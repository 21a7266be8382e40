import assert from 'node:assert/strict';
import test from 'node:test';
import type { Message } from '../testing/grpc-client.ts';
import { startTestEtcd, type TestEtcd } from '../testing/start-test-etcd.ts';

const types = ['etcdserverpb.RangeRequest', 'etcdserverpb.RangeStreamResponse'] as const;
const all = { key: Buffer.from('k'), range_end: Buffer.from('l') };

async function fill({ call }: TestEtcd, keys: number, valueBytes: number): Promise<void> {
  for (let n = 0; n < keys; n += 1) {
    const key = Buffer.from(`k${String(n).padStart(4, '0')}`);
    await call('KV/Put', 'PutRequest', { key, value: Buffer.alloc(valueBytes) });
  }
}

async function parts({ client }: TestEtcd, request: Message): Promise<Message[]> {
  const { code, message, replies } = await client.outcome('/etcdserverpb.KV/RangeStream', types, request);
  assert.equal(code, 0, message);
  return replies.map((reply) => reply['range_response']);
}

const sizes = (answers: readonly Message[]): number[] => answers.map((answer) => answer['kvs'].length);

test('parts begin at ten keys and double; only the last tells of the whole', async (t) => {
  const etcd = await startTestEtcd(t);
  await fill(etcd, 100, 10);
  const answers = await parts(etcd, all);
  assert.deepEqual(sizes(answers), [10, 20, 40, 30]);
  for (const answer of answers.slice(0, -1)) {
    assert.deepEqual([answer['header'], answer['count'], answer['more']], [null, 0n, false]);
  }
  const last = answers.at(-1)!;
  assert.deepEqual([last['header'].revision, last['count'], last['more']], [101n, 100n, false]);
  const keys = answers.flatMap((answer): string[] => answer['kvs'].map((item: Message) => String(item['key'])));
  assert.deepEqual(
    keys,
    keys.toSorted((a, b) => (a < b ? -1 : 1)),
  );
  assert.equal(new Set(keys).size, 100);
});

test('a limit ends it, and says that there is more', async (t) => {
  const etcd = await startTestEtcd(t);
  await fill(etcd, 50, 10);
  const answers = await parts(etcd, { ...all, limit: 25 });
  assert.deepEqual(sizes(answers), [10, 15]);
  assert.deepEqual([answers.at(-1)!['count'], answers.at(-1)!['more']], [50n, true]);
  assert.deepEqual(sizes(await parts(etcd, { ...all, limit: 3 })), [3]);
  assert.deepEqual(sizes(await parts(etcd, { ...all, count_only: true })), [0]);
});

test('parts that would be larger than a request grow no further, and shrink', async (t) => {
  const etcd = await startTestEtcd(t, { maxRequestBytes: 1000 });
  await fill(etcd, 40, 150);
  assert.deepEqual(sizes(await parts(etcd, all)).slice(0, 4), [10, 5, 5, 5]);
});

test('all parts are of one revision', async (t) => {
  const etcd = await startTestEtcd(t);
  await fill(etcd, 30, 10);
  const stream = etcd.client.open('/etcdserverpb.KV/RangeStream', types);
  // Between the first part and the second.
  const range = etcd.member.range.bind(etcd.member);
  let calls = 0;
  etcd.member.range = async (...args) => {
    calls += 1;
    if (calls === 2) await etcd.call('KV/DeleteRange', 'DeleteRangeRequest', all);
    return range(...args);
  };
  stream.send(all);
  stream.end();
  const { replies } = await stream.ended;
  assert.deepEqual(sizes(replies.map((reply) => reply['range_response'])), [10, 20]);
});

test('orders and bounds are not for it', async (t) => {
  const { client } = await startTestEtcd(t);
  for (const more of [{ sort_order: 2 }, { min_mod_revision: 1 }]) {
    const { code } = await client.outcome('/etcdserverpb.KV/RangeStream', types, { ...all, ...more });
    assert.equal(code, 12);
  }
});
