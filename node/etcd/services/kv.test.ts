import assert from 'node:assert/strict';
import test from 'node:test';
import type { Message } from '../testing/grpc-client.ts';
import { startTestEtcd, type TestEtcd } from '../testing/start-test-etcd.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const put = ({ call }: TestEtcd, key: string, value: string, more: Message = {}): Promise<Message> =>
  call('KV/Put', 'PutRequest', { key: bytes(key), value: bytes(value), ...more });
const range = ({ call }: TestEtcd, request: Message): Promise<Message> => call('KV/Range', 'RangeRequest', request);
const txn = ({ call }: TestEtcd, request: Message): Promise<Message> => call('KV/Txn', 'TxnRequest', request);
const compact = ({ client }: TestEtcd, revision: number, physical = false): Promise<Message> =>
  client.call('/etcdserverpb.KV/Compact', ['etcdserverpb.CompactionRequest', 'etcdserverpb.CompactionResponse'], {
    revision,
    physical,
  });
const keysOf = (answer: Message): string[] => answer['kvs'].map((item: Message) => String(item['key']));
const valuesOf = (answer: Message): string[] => answer['kvs'].map((item: Message) => String(item['value']));

test('what is put over gRPC is read over gRPC and over HTTP, on one port', async (t) => {
  const etcd = await startTestEtcd(t);
  const answer = await put(etcd, 'a', '1');
  assert.deepEqual(answer['header'], { cluster_id: 0xc1n, member_id: 1n, revision: 2n, raft_term: 1n });
  const read = await range(etcd, { key: bytes('a') });
  const item = { key: bytes('a'), value: bytes('1'), create_revision: 2n, mod_revision: 2n, version: 1n, lease: 0n };
  assert.deepEqual(read['kvs'], [item]);
  assert.equal(read['count'], 1n);
  assert.equal(await (await etcd.request('/v1/kv/a')).text(), '1');
});

test('ranges: one key, a prefix, from a key on, all', async (t) => {
  const etcd = await startTestEtcd(t);
  for (const key of ['a', 'aa', 'ab', 'b']) await put(etcd, key, key);
  const read = async (key: string, end: string): Promise<string[]> =>
    keysOf(await range(etcd, { key: bytes(key), range_end: bytes(end) }));
  assert.deepEqual(await read('a', ''), ['a']);
  assert.deepEqual(await read('a', 'b'), ['a', 'aa', 'ab']);
  assert.deepEqual(await read('ab', '\0'), ['ab', 'b']);
  assert.deepEqual(await read('\0', '\0'), ['a', 'aa', 'ab', 'b']);
  assert.deepEqual(await read('b', 'a'), []);
});

test('limit, count, more, keys only and count only', async (t) => {
  const etcd = await startTestEtcd(t);
  for (const key of ['a', 'b', 'c']) await put(etcd, key, key);
  const all = { key: bytes('\0'), range_end: bytes('\0') };
  const limited = await range(etcd, { ...all, limit: 2 });
  assert.deepEqual([keysOf(limited), limited['count'], limited['more']], [['a', 'b'], 3n, true]);
  const enough = await range(etcd, { ...all, limit: 3 });
  assert.deepEqual([enough['kvs'].length, enough['more']], [3, false]);
  const keysOnly = await range(etcd, { ...all, keys_only: true });
  assert.deepEqual(
    [keysOf(keysOnly), valuesOf(keysOnly)],
    [
      ['a', 'b', 'c'],
      ['', '', ''],
    ],
  );
  const counted = await range(etcd, { ...all, count_only: true });
  assert.deepEqual([counted['kvs'], counted['count'], counted['more']], [[], 3n, false]);
});

test('orders by every target; another target than the key without an order ascends', async (t) => {
  const etcd = await startTestEtcd(t);
  await put(etcd, 'a', '3');
  await put(etcd, 'b', '1');
  await put(etcd, 'c', '2');
  await put(etcd, 'b', '1');
  const [none, ascend, descend] = [0, 1, 2];
  const [byKey, byVersion, byCreate, byMod, byValue] = [0, 1, 2, 3, 4];
  const sorted = async (sort_target: number, sort_order: number, more: Message = {}): Promise<string> =>
    keysOf(await range(etcd, { key: bytes('\0'), range_end: bytes('\0'), sort_target, sort_order, ...more })).join('');
  assert.equal(await sorted(byKey, none), 'abc');
  assert.equal(await sorted(byKey, descend), 'cba');
  assert.equal(await sorted(byVersion, descend), 'bac');
  assert.equal(await sorted(byCreate, descend), 'cba');
  assert.equal(await sorted(byMod, ascend), 'acb');
  assert.equal(await sorted(byValue, ascend), 'bca');
  assert.equal(await sorted(byValue, none), 'bca');
  assert.equal(await sorted(byValue, descend, { limit: 1 }), 'a');
  const refused = range(etcd, { key: bytes('a'), sort_order: 3 });
  await assert.rejects(refused, { message: '3 etcdserver: invalid sort option' });
});

test('bounds on revisions come before the limit, and do not change the count', async (t) => {
  const etcd = await startTestEtcd(t);
  for (const key of ['a', 'b', 'c', 'a']) await put(etcd, key, key);
  const all = { key: bytes('\0'), range_end: bytes('\0') };
  const bounded = async (bounds: Message): Promise<[string, bigint]> => {
    const answer = await range(etcd, { ...all, ...bounds });
    return [keysOf(answer).join(''), answer['count']];
  };
  assert.deepEqual(await bounded({ min_mod_revision: 4 }), ['ac', 3n]);
  assert.deepEqual(await bounded({ max_mod_revision: 4 }), ['bc', 3n]);
  assert.deepEqual(await bounded({ min_create_revision: 3, limit: 1 }), ['b', 3n]);
  assert.deepEqual(await bounded({ max_create_revision: 2 }), ['a', 3n]);
  assert.deepEqual(await bounded({ max_mod_revision: -1 }), ['', 3n]);
});

test('the past can be read from the compacted revision on, the future cannot', async (t) => {
  const etcd = await startTestEtcd(t);
  for (const value of ['1', '2', '3']) await put(etcd, 'a', value);
  const at = async (revision: number | bigint): Promise<string[]> =>
    valuesOf(await range(etcd, { key: bytes('a'), revision }));
  assert.deepEqual(await at(2), ['1']);
  assert.deepEqual(await at(-5), ['3']);
  const future = { message: '11 etcdserver: mvcc: required revision is a future revision' };
  await assert.rejects(at(5), future);
  await assert.rejects(at(2n ** 62n), future);
  await compact(etcd, 3);
  assert.deepEqual(await at(3), ['2']);
  await assert.rejects(at(2), { message: '11 etcdserver: mvcc: required revision has been compacted' });
});

test('compacting: not twice, not the future', async (t) => {
  const etcd = await startTestEtcd(t);
  for (const value of ['1', '2', '3']) await put(etcd, 'a', value);
  assert.equal((await compact(etcd, 3))['header'].revision, 4n);
  await assert.rejects(compact(etcd, 3), { message: '11 etcdserver: mvcc: required revision has been compacted' });
  await assert.rejects(compact(etcd, 9), { message: '11 etcdserver: mvcc: required revision is a future revision' });
});

test('puts: what was before, keeping the value, keeping the lease', async (t) => {
  const etcd = await startTestEtcd(t);
  await etcd.call('Lease/LeaseGrant', 'LeaseGrantRequest', { ID: 7n, TTL: 60n });
  assert.equal((await put(etcd, 'a', '1', { prev_kv: true }))['prev_kv'], null);
  const leased = await put(etcd, 'a', '2', { lease: 7n, prev_kv: true });
  assert.equal(String(leased['prev_kv'].value), '1');
  await put(etcd, 'a', '3', { ignore_lease: true });
  await put(etcd, 'a', '', { ignore_value: true, lease: 7n });
  const [item] = (await range(etcd, { key: bytes('a') }))['kvs'] as Message[];
  assert.deepEqual([String(item!['value']), item!['lease'], item!['version']], ['3', 7n, 4n]);
  await put(etcd, 'a', '4');
  assert.equal((await range(etcd, { key: bytes('a') }))['kvs'][0].lease, 0n);
  await assert.rejects(put(etcd, '', 'x'), { message: '3 etcdserver: key is not provided' });
  await assert.rejects(put(etcd, 'a', 'x', { ignore_value: true }), {
    message: '3 etcdserver: value is provided',
  });
  await assert.rejects(put(etcd, 'a', 'x', { ignore_lease: true, lease: 7n }), {
    message: '3 etcdserver: lease is provided',
  });
  await assert.rejects(put(etcd, 'none', '', { ignore_value: true }), { message: '3 etcdserver: key not found' });
  await assert.rejects(put(etcd, 'a', 'x', { lease: 9n }), { message: '5 etcdserver: requested lease not found' });
  await assert.rejects(put(etcd, 'a', 'x', { lease: -9n }), { message: '5 etcdserver: requested lease not found' });
});

test('a request above the limit is refused', async (t) => {
  const etcd = await startTestEtcd(t, { maxRequestBytes: 1000 });
  await put(etcd, 'a', 'x'.repeat(999));
  await assert.rejects(put(etcd, 'a', 'x'.repeat(1000)), { message: '3 etcdserver: request is too large' });
});

test('deletes tell how many, and what was there; one that hits nothing takes no revision', async (t) => {
  const etcd = await startTestEtcd(t);
  for (const key of ['a', 'b', 'c']) await put(etcd, key, key);
  const del = (request: Message): Promise<Message> => etcd.call('KV/DeleteRange', 'DeleteRangeRequest', request);
  const some = await del({ key: bytes('a'), range_end: bytes('c'), prev_kv: true });
  assert.deepEqual([some['deleted'], some['prev_kvs'].map((item: Message) => String(item['value']))], [2n, ['a', 'b']]);
  assert.equal(some['header'].revision, 5n);
  const none = await del({ key: bytes('a') });
  assert.deepEqual([none['deleted'], none['header'].revision], [0n, 5n]);
});

test('a transaction takes one revision, reads what it wrote, and nests', async (t) => {
  const etcd = await startTestEtcd(t);
  await put(etcd, 'a', '1');
  const answer = await txn(etcd, {
    compare: [
      { key: bytes('a'), target: 3, result: 0, value: bytes('1') },
      { key: bytes('absent'), target: 1, result: 0, create_revision: 0 },
    ],
    success: [
      { request_put: { key: bytes('b'), value: bytes('2'), prev_kv: true } },
      { request_range: { key: bytes('a'), range_end: bytes('c') } },
      {
        request_txn: {
          compare: [{ key: bytes('b'), target: 0, result: 1, version: 0 }],
          success: [{ request_put: { key: bytes('no'), value: bytes('') } }],
          failure: [{ request_delete_range: { key: bytes('a') } }],
        },
      },
    ],
    failure: [],
  });
  assert.deepEqual([answer['succeeded'], answer['header'].revision], [true, 3n]);
  const [written, read, nested] = answer['responses'] as Message[];
  assert.equal(written!['response_put'].header.revision, 3n);
  assert.deepEqual(keysOf(read!['response_range']), ['a', 'b']);
  const { succeeded, responses } = nested!['response_txn'];
  assert.deepEqual([succeeded, responses[0].response_delete_range.deleted], [false, 1n]);
  assert.deepEqual(keysOf(await range(etcd, { key: bytes('\0'), range_end: bytes('\0') })), ['b']);
});

test('every comparison against every target', async (t) => {
  const etcd = await startTestEtcd(t);
  await etcd.call('Lease/LeaseGrant', 'LeaseGrantRequest', { ID: 7n, TTL: 60n });
  await put(etcd, 'k', 'm');
  await put(etcd, 'k', 'm', { lease: 7n });
  const [equal, greater, less, notEqual] = [0, 1, 2, 3];
  const holds = async (compare: Message): Promise<boolean> =>
    (await txn(etcd, { compare: [{ key: bytes('k'), ...compare }] }))['succeeded'];
  const targets = [
    { target: 0, below: { version: 1 }, same: { version: 2 }, above: { version: 3 } },
    { target: 1, below: { create_revision: 1 }, same: { create_revision: 2 }, above: { create_revision: 3 } },
    { target: 2, below: { mod_revision: -1 }, same: { mod_revision: 3 }, above: { mod_revision: 2n ** 60n } },
    { target: 3, below: { value: bytes('a') }, same: { value: bytes('m') }, above: { value: bytes('z') } },
    { target: 4, below: { lease: 6n }, same: { lease: 7n }, above: { lease: 8n } },
  ];
  for (const { target, below, same, above } of targets) {
    for (const [with_, expected] of [
      [below, [false, true, false, true]],
      [same, [true, false, false, false]],
      [above, [false, false, true, true]],
    ] as const) {
      const found = [];
      for (const result of [equal, greater, less, notEqual]) found.push(await holds({ target, result, ...with_ }));
      assert.deepEqual(found, expected, JSON.stringify({ target, with: Object.keys(with_) }));
    }
  }
  assert.equal(await holds({ key: bytes('none'), target: 3, result: notEqual, value: bytes('x') }), false);
  assert.equal(await holds({ key: bytes('none'), target: 2, result: equal, mod_revision: 0 }), true);
  // One that is not in the contract always holds in etcd, but for a value that is not there.
  assert.equal(await holds({ target: 3, result: 4 }), true);
  assert.equal(await holds({ key: bytes('none'), target: 2, result: 4 }), true);
  assert.equal(await holds({ key: bytes('none'), target: 3, result: 4 }), false);
  const ofAll = { key: bytes('\0'), range_end: bytes('\0'), target: 1, result: greater };
  assert.equal(await holds({ ...ofAll, create_revision: 1 }), true);
  assert.equal(await holds({ ...ofAll, create_revision: 2 }), false);
});

test('no lease is below zero, to a transaction that writes as to one that reads', async (t) => {
  const etcd = await startTestEtcd(t);
  await put(etcd, 'k', 'm');
  for (const success of [[], [{ request_put: { key: bytes('written') } }]]) {
    for (const key of ['k', 'none']) {
      const compares = [0, 1, 2, 3].map((result) => ({ key: bytes(key), target: 4, result, lease: -1n }));
      const holds = compares.map(async (compare) => (await txn(etcd, { compare: [compare], success }))['succeeded']);
      assert.deepEqual(await Promise.all(holds), [false, true, false, true], `${key}, ${success.length} writes`);
    }
  }
});

test('transactions that are refused change nothing', async (t) => {
  const etcd = await startTestEtcd(t);
  const write = (key: string): Message => ({ request_put: { key: bytes(key), value: bytes('v') } });
  const refused = async (request: Message, message: string): Promise<void> => {
    await assert.rejects(txn(etcd, request), { message });
  };
  const duplicate = '3 etcdserver: duplicate key given in txn request';
  await refused({ success: [write('a'), write('a')] }, duplicate);
  await refused({ failure: [write('a'), { request_delete_range: { key: bytes('a') } }] }, duplicate);
  const many = Array.from({ length: 129 }, (_, n) => write(`k${n}`));
  await refused({ success: many }, '3 etcdserver: too many operations in txn request');
  const nested = { request_txn: { success: many.slice(0, 100) } };
  await refused({ success: [nested, ...many.slice(100)] }, '3 etcdserver: too many operations in txn request');
  await refused({ success: [{}] }, '3 etcdserver: key not found');
  await refused({ success: [write('')] }, '3 etcdserver: key is not provided');
  await refused({ compare: [{ target: 0 }] }, '3 etcdserver: key is not provided');
  const future = { request_range: { key: bytes('a'), revision: 99 } };
  await refused({ success: [write('a'), future] }, '11 etcdserver: mvcc: required revision is a future revision');
  assert.equal((await range(etcd, { key: bytes('a') }))['header'].revision, 1n);
  assert.equal((await txn(etcd, { success: many.slice(0, 128) }))['header'].revision, 2n);
});

test('a transaction that only reads is not written to the log, and asks the quorum unless all of it says otherwise', async (t) => {
  const etcd = await startTestEtcd(t);
  await put(etcd, 'a', '1');
  const { member } = etcd;
  const consistencyOf = async (...reads: Message[]): Promise<unknown> => {
    const answer = await txn(etcd, { success: reads });
    assert.deepEqual(valuesOf(answer['responses'][0].response_range), ['1']);
    const [name, what] = member.calls.at(-1) as [string, { options: { consistency: string } }];
    assert.equal(name, 'read');
    return what.options.consistency;
  };
  const read = { request_range: { key: bytes('a') } };
  const local = { request_range: { key: bytes('a'), serializable: true } };
  assert.equal(await consistencyOf(read), 'linearizable');
  assert.equal(await consistencyOf(local, read), 'linearizable');
  assert.equal(await consistencyOf(local, local), 'serializable');
  const future = { request_range: { key: bytes('a'), revision: 9 } };
  await assert.rejects(txn(etcd, { success: [future] }), {
    message: '11 etcdserver: mvcc: required revision is a future revision',
  });
});

test('a physical compaction is answered when what it gave up is erased', async (t) => {
  const etcd = await startTestEtcd(t);
  for (const value of ['1', '2', '3']) await put(etcd, 'a', value);
  await compact(etcd, 3, true);
  assert.equal(etcd.member.calls.at(-1)?.[0], 'erased');
  await compact(etcd, 4);
  assert.equal(etcd.member.calls.at(-1)?.[0], 'propose');
});
