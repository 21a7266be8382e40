import assert from 'node:assert/strict';
import test from 'node:test';
import type { GrpcStream, Message } from '../../testing/grpc-client.ts';
import { startTestEtcd, type TestEtcd } from '../../testing/start-test-etcd.ts';

const types = ['etcdserverpb.WatchRequest', 'etcdserverpb.WatchResponse'] as const;
const bytes = (text: string): Buffer => Buffer.from(text);
const open = ({ client }: TestEtcd): GrpcStream => client.open('/etcdserverpb.Watch/Watch', types);
const put = ({ call }: TestEtcd, key: string, value = 'v'): Promise<Message> =>
  call('KV/Put', 'PutRequest', { key: bytes(key), value: bytes(value) });
const compact = ({ client }: TestEtcd, revision: number): Promise<Message> =>
  client.call('/etcdserverpb.KV/Compact', ['etcdserverpb.CompactionRequest', 'etcdserverpb.CompactionResponse'], {
    revision,
  });

async function create(stream: GrpcStream, request: Message): Promise<Message> {
  stream.send({ create_request: request });
  return stream.next();
}

/** `put a=1@2`, `delete a@3`. */
const told = (reply: Message): string[] =>
  reply['events'].map(({ type, kv }: Message) =>
    type === 0 ? `put ${kv.key}=${kv.value}@${kv.mod_revision}` : `delete ${kv.key}@${kv.mod_revision}`,
  );

const prefix = (key: string, end: string): Message => ({ key: bytes(key), range_end: bytes(end) });

test('a watch tells of its creation, then of what happens', async (t) => {
  const etcd = await startTestEtcd(t);
  await put(etcd, 'a', '0');
  const stream = open(etcd);
  const created = await create(stream, prefix('a', 'b'));
  assert.deepEqual([created['watch_id'], created['created'], created['canceled']], [0n, true, false]);
  assert.equal(created['header'].revision, 2n);
  await put(etcd, 'a', '1');
  await put(etcd, 'b', '1');
  await etcd.call('KV/DeleteRange', 'DeleteRangeRequest', { key: bytes('a') });
  const first = await stream.next();
  assert.deepEqual([first['watch_id'], first['header'].revision, told(first)], [0n, 3n, ['put a=1@3']]);
  const { create_revision, version } = first['events'][0].kv;
  assert.deepEqual([create_revision, version], [2n, 2n]);
  const second = await stream.next();
  assert.deepEqual(told(second), ['delete a@5']);
  const { kv, prev_kv } = second['events'][0];
  assert.deepEqual([kv.create_revision, kv.version, kv.value.length, prev_kv], [0n, 0n, 0, null]);
});

test('all events of a revision come together, in order, from the past on', async (t) => {
  const etcd = await startTestEtcd(t);
  await put(etcd, 'a', '1');
  const puts = ['c', 'b'].map((key) => ({ request_put: { key: bytes(key), value: bytes('x') } }));
  await etcd.call('KV/Txn', 'TxnRequest', { success: [...puts, { request_delete_range: { key: bytes('a') } }] });
  await put(etcd, 'a', '2');
  const stream = open(etcd);
  await create(stream, { ...prefix('\0', '\0'), start_revision: 2 });
  const replies = [await stream.next(), await stream.next(), await stream.next()];
  assert.deepEqual(replies.map(told), [['put a=1@2'], ['put c=x@3', 'put b=x@3', 'delete a@3'], ['put a=2@4']]);
});

test('an empty key watches all keys from the first on', async (t) => {
  const etcd = await startTestEtcd(t);
  const stream = open(etcd);
  await create(stream, { range_end: bytes('\0') });
  await put(etcd, 'anything');
  assert.deepEqual(told(await stream.next()), ['put anything=v@2']);
});

test('filters, and what was there before', async (t) => {
  const etcd = await startTestEtcd(t);
  const [noPut, noDelete] = [0, 1];
  const stream = open(etcd);
  await create(stream, { key: bytes('a'), filters: [noPut], prev_kv: true, watch_id: 1 });
  await create(stream, { key: bytes('a'), filters: [noDelete], prev_kv: true, watch_id: 2 });
  await put(etcd, 'a', '1');
  await put(etcd, 'a', '2');
  await etcd.call('KV/DeleteRange', 'DeleteRangeRequest', { key: bytes('a') });
  const seen: [bigint, string, string | null][] = [];
  for (let n = 0; n < 3; n += 1) {
    const reply = await stream.next();
    const { prev_kv } = reply['events'][0];
    seen.push([reply['watch_id'], told(reply)[0]!, prev_kv === null ? null : String(prev_kv.value)]);
  }
  assert.deepEqual(
    seen.sort((a, b) => Number(a[0] - b[0])),
    [
      [1n, 'delete a@4', '2'],
      [2n, 'put a=1@2', null],
      [2n, 'put a=2@3', '1'],
    ],
  );
});

test('ids: the server counts from 0 past those that are taken; one that is taken is refused', async (t) => {
  const etcd = await startTestEtcd(t);
  const stream = open(etcd);
  const ids: bigint[] = [];
  for (const watch_id of [0, 1, 0, 5]) ids.push((await create(stream, { key: bytes('a'), watch_id }))['watch_id']);
  assert.deepEqual(ids, [0n, 1n, 2n, 5n]);
  const refused = await create(stream, { key: bytes('a'), watch_id: 5 });
  assert.deepEqual(
    [refused['watch_id'], refused['created'], refused['canceled'], refused['cancel_reason']],
    [-1n, true, true, 'mvcc: duplicate watch ID provided on the WatchStream'],
  );
});

test('a range with nothing in it is refused, and the stream goes on', async (t) => {
  const etcd = await startTestEtcd(t);
  const stream = open(etcd);
  const refused = await create(stream, prefix('b', 'a'));
  assert.deepEqual(
    [refused['watch_id'], refused['created'], refused['canceled'], refused['cancel_reason']],
    [-1n, true, true, 'mvcc: watcher range is empty'],
  );
  assert.equal((await create(stream, { key: bytes('a') }))['canceled'], false);
});

test('a start before what is left of history', async (t) => {
  const etcd = await startTestEtcd(t);
  for (const value of ['1', '2', '3']) await put(etcd, 'a', value);
  await compact(etcd, 3);
  const stream = open(etcd);
  assert.equal((await create(stream, { key: bytes('a'), start_revision: 2 }))['created'], true);
  const canceled = await stream.next();
  assert.deepEqual(
    [canceled['watch_id'], canceled['canceled'], canceled['compact_revision'], canceled['cancel_reason']],
    [0n, true, 3n, ''],
  );
  assert.equal(canceled['header'].revision, 0n);
  const negative = await create(stream, { key: bytes('a'), start_revision: -1 });
  // As etcd has it: there is no such revision to go on from, so it names none.
  assert.deepEqual([negative['created'], negative['canceled'], negative['compact_revision']], [true, true, 0n]);
  await create(stream, { key: bytes('a'), start_revision: 3 });
  assert.deepEqual(told(await stream.next()), ['put a=2@3']);
});

test('the id of a watch that a compaction has ended stays taken until it is cancelled', async (t) => {
  const etcd = await startTestEtcd(t);
  for (const value of ['1', '2']) await put(etcd, 'a', value);
  await compact(etcd, 3);
  const stream = open(etcd);
  await create(stream, { key: bytes('a'), start_revision: 2, watch_id: 7 });
  assert.equal((await stream.next())['compact_revision'], 3n);
  assert.equal((await create(stream, { key: bytes('a'), watch_id: 7 }))['watch_id'], -1n);
  stream.send({ cancel_request: { watch_id: 7 } });
  const canceled = await stream.next();
  assert.deepEqual([canceled['watch_id'], canceled['canceled'], canceled['compact_revision']], [7n, true, 0n]);
  assert.equal((await create(stream, { key: bytes('a'), watch_id: 7 }))['watch_id'], 7n);
});

test('a start in the future is silent until then', async (t) => {
  const etcd = await startTestEtcd(t);
  const stream = open(etcd);
  await create(stream, { key: bytes('a'), start_revision: 4 });
  for (const value of ['1', '2', '3']) await put(etcd, 'a', value);
  assert.deepEqual(told(await stream.next()), ['put a=3@4']);
});

test('a watch that is cancelled says so and is silent; one that is not there is not spoken of', async (t) => {
  const etcd = await startTestEtcd(t);
  const stream = open(etcd);
  await create(stream, { key: bytes('a'), watch_id: 1 });
  await create(stream, { key: bytes('a'), watch_id: 2 });
  stream.send({ cancel_request: { watch_id: 9 } });
  stream.send({ cancel_request: { watch_id: 1 } });
  const canceled = await stream.next();
  assert.deepEqual([canceled['watch_id'], canceled['canceled'], canceled['created']], [1n, true, false]);
  await put(etcd, 'a');
  const { watch_id } = await stream.next();
  assert.equal(watch_id, 2n);
  assert.equal(etcd.member.watchesOpen, 1);
});

test('progress that is asked for comes once, after everything before it, for all watches', async (t) => {
  const etcd = await startTestEtcd(t);
  for (let n = 0; n < 20; n += 1) await put(etcd, 'a', String(n));
  const stream = open(etcd);
  await create(stream, { key: bytes('b'), watch_id: 2 });
  await create(stream, { key: bytes('a'), start_revision: 1, watch_id: 1 });
  stream.send({ progress_request: {} });
  const events: bigint[] = [];
  for (;;) {
    const reply = await stream.next();
    if (reply['watch_id'] === -1n) {
      assert.deepEqual([reply['header'].revision, reply['events'], reply['created']], [21n, [], false]);
      break;
    }
    events.push(reply['header'].revision);
  }
  assert.deepEqual(
    events,
    Array.from({ length: 20 }, (_, n) => BigInt(n + 2)),
  );
});

test('no progress is told without a watch, nor while one waits for the future', async (t) => {
  const etcd = await startTestEtcd(t);
  const stream = open(etcd);
  stream.send({ progress_request: {} });
  await create(stream, { key: bytes('a'), start_revision: 3, watch_id: 1 });
  stream.send({ progress_request: {} });
  await put(etcd, 'a', '1');
  await put(etcd, 'a', '2');
  assert.deepEqual(told(await stream.next()), ['put a=2@3']);
  stream.send({ progress_request: {} });
  const progress = await stream.next();
  assert.deepEqual([progress['watch_id'], progress['header'].revision], [-1n, 3n]);
});

test('a quiet watch that wants to know how far it is hears of it', async (t) => {
  const etcd = await startTestEtcd(t, { watchProgressIntervalMs: 20 });
  const stream = open(etcd);
  await create(stream, { key: bytes('a'), watch_id: 3, progress_notify: true });
  await create(stream, { key: bytes('a'), watch_id: 4 });
  await put(etcd, 'b');
  for (;;) {
    const { watch_id, header, events } = await stream.next();
    assert.deepEqual([watch_id, events], [3n, []]);
    if (header.revision === 2n) break;
  }
});

test('events above the size of a request are cut into parts for who asked', async (t) => {
  const etcd = await startTestEtcd(t, { maxRequestBytes: 1000 });
  const success = ['a', 'b', 'c'].map((key) => ({ request_put: { key: bytes(key), value: Buffer.alloc(300) } }));
  const stream = open(etcd);
  await create(stream, { ...prefix('\0', '\0'), fragment: true, watch_id: 1, prev_kv: true });
  await etcd.call('KV/Txn', 'TxnRequest', { success });
  await etcd.call('KV/Txn', 'TxnRequest', { success });
  const whole = await stream.next();
  assert.deepEqual([whole['fragment'], whole['events'].length], [true, 2]);
  const rest = await stream.next();
  assert.deepEqual([rest['fragment'], rest['events'].length, rest['header'].revision], [false, 1, 2n]);
  const parts = [await stream.next(), await stream.next(), await stream.next()];
  assert.deepEqual(
    parts.map((part) => [part['fragment'], part['events'].length, part['header'].revision]),
    [
      [true, 1, 3n],
      [true, 1, 3n],
      [false, 1, 3n],
    ],
  );
});

test('a caller that has sent its last is told on; its watches end when it has gone', async (t) => {
  const etcd = await startTestEtcd(t);
  const stream = open(etcd);
  await create(stream, { key: bytes('a') });
  stream.end();
  await put(etcd, 'a');
  assert.deepEqual(told(await stream.next()), ['put a=v@2']);
  stream.http2.close();
  while (etcd.member.watchesOpen > 0) await new Promise(setImmediate);
  const idle = open(etcd);
  await create(idle, { key: bytes('a'), watch_id: 1 });
  idle.send({ cancel_request: { watch_id: 1 } });
  idle.end();
  assert.equal((await idle.ended).code, 0);
});

test('a caller that does not read holds back its watch, and misses nothing', async (t) => {
  const etcd = await startTestEtcd(t);
  const stream = open(etcd);
  await create(stream, { key: bytes('a') });
  stream.http2.pause();
  const writes = 60;
  for (let n = 0; n < writes; n += 1) await put(etcd, 'a', String(n).padEnd(100_000));
  assert.equal(etcd.member.store.stats().slowWatcherCount, 1);
  stream.http2.resume();
  for (let n = 0; n < writes; n += 1) {
    const { header, events } = await stream.next();
    assert.deepEqual([header.revision, events.length], [BigInt(n + 2), 1]);
  }
});

test('without a leader, who wants one is refused at once, and cut off in the end', async (t) => {
  const etcd = await startTestEtcd(t, { electionTimeoutMs: 20 });
  const wanting = (): GrpcStream => etcd.client.open('/etcdserverpb.Watch/Watch', types, { hasleader: 'true' });
  const running = wanting();
  await create(running, { key: bytes('a') });
  const other = open(etcd);
  await create(other, { key: bytes('a') });
  const position = etcd.member.position.bind(etcd.member);
  etcd.member.position = () => ({ ...position(), leader: 0 });
  const refused = await wanting().ended;
  assert.deepEqual([refused.code, refused.message], [14, 'etcdserver: no leader']);
  const cut = await running.ended;
  assert.deepEqual([cut.code, cut.message], [14, 'etcdserver: no leader']);
  await put(etcd, 'a');
  assert.deepEqual(told(await other.next()), ['put a=v@2']);
});
