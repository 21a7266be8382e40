/** The codecs of our own against protobufjs with our .proto files, over random messages. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { KeyValue, RangeResult, TxnResult, WatchedEvent } from '../../store/types.ts';
import type { Message } from '../testing/grpc-client.ts';
import { encodeHeader, type Header, headerMessage, identityOf } from './header.ts';
import { decodeKeepAliveRequest, encodeKeepAliveResponse } from './keep-alive-codec.ts';
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  type RequestOp,
} from './kv-requests.ts';
import {
  encodeDeleteRangeResponse,
  encodePutResponse,
  encodeRangePart,
  encodeRangeResponse,
  encodeTxnResponse,
} from './kv-responses.ts';
import { ProtoReader } from './reader.ts';
import { protoRoot, reflected } from './reflected.ts';
import { decodeWatchRequest, encodeWatchResponse } from './watch-codec.ts';
import { ProtoWriter } from './writer.ts';

const int64 = fc.oneof(fc.bigInt(-10n, 300n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(0n, 2n ** 53n));
const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const lease = fc.oneof(fc.constant(0n), fc.bigInt(1n, 2n ** 63n - 1n));

const rangeRequest = fc.record(
  {
    key: bytes,
    range_end: bytes,
    limit: int64,
    revision: int64,
    sort_order: fc.nat(2),
    sort_target: fc.nat(4),
    serializable: fc.boolean(),
    keys_only: fc.boolean(),
    count_only: fc.boolean(),
    min_mod_revision: int64,
    max_mod_revision: int64,
    min_create_revision: int64,
    max_create_revision: int64,
  },
  { requiredKeys: [] },
);
const putRequest = fc.record(
  {
    key: bytes,
    value: bytes,
    lease: int64,
    prev_kv: fc.boolean(),
    ignore_value: fc.boolean(),
    ignore_lease: fc.boolean(),
  },
  { requiredKeys: [] },
);
const deleteRequest = fc.record({ key: bytes, range_end: bytes, prev_kv: fc.boolean() }, { requiredKeys: [] });
const compare = fc.record({ result: fc.nat(3), target: fc.nat(4), key: bytes, range_end: bytes }).chain((base) =>
  fc
    .oneof<fc.Arbitrary<Message>[]>(
      fc.constant({}),
      int64.map((version) => ({ version })),
      int64.map((create_revision) => ({ create_revision })),
      int64.map((mod_revision) => ({ mod_revision })),
      bytes.map((value) => ({ value })),
      int64.map((id) => ({ lease: id })),
    )
    .map((union) => ({ ...base, ...union })),
);
const { txnRequest } = fc.letrec<{ txnRequest: Message; operation: Message }>((tie) => ({
  txnRequest: fc.record({
    compare: fc.array(compare, { maxLength: 3 }),
    success: fc.array(tie('operation'), { maxLength: 3 }),
    failure: fc.array(tie('operation'), { maxLength: 3 }),
  }),
  operation: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant({}),
    rangeRequest.map((request_range) => ({ request_range })),
    putRequest.map((request_put) => ({ request_put })),
    deleteRequest.map((request_delete_range) => ({ request_delete_range })),
    tie('txnRequest').map((request_txn) => ({ request_txn })),
  ),
}));

/** What the other side would send, and what protobufjs reads of it. */
function sent(type: string, message: Message): { bytes: Buffer; read: Message } {
  const codec = reflected<Message>(`etcdserverpb.${type}`);
  const writer = new ProtoWriter();
  codec.encode(writer, message);
  const encoded = writer.finish();
  return { bytes: encoded, read: codec.decode(encoded) };
}

/** Exact below 2^53, and beyond it beyond. */
function assertInteger(ours: number, theirs: bigint): void {
  if (theirs >= -(2n ** 53n) && theirs <= 2n ** 53n) assert.equal(ours, Number(theirs));
  else assert.ok(theirs > 0n ? ours >= 2 ** 53 : ours <= -(2 ** 53));
}

function assertRange(ours: ReturnType<typeof decodeRangeRequest>, theirs: Message): void {
  assert.deepEqual([ours.key, ours.rangeEnd], [theirs['key'], theirs['range_end']]);
  assert.deepEqual(
    [ours.sortOrder, ours.sortTarget, ours.serializable, ours.keysOnly, ours.countOnly],
    ['sort_order', 'sort_target', 'serializable', 'keys_only', 'count_only'].map((name) => theirs[name]),
  );
  assertInteger(ours.limit, theirs['limit']);
  assertInteger(ours.revision, theirs['revision']);
  assertInteger(ours.minModRevision, theirs['min_mod_revision']);
  assertInteger(ours.maxModRevision, theirs['max_mod_revision']);
  assertInteger(ours.minCreateRevision, theirs['min_create_revision']);
  assertInteger(ours.maxCreateRevision, theirs['max_create_revision']);
}

function assertPut(ours: ReturnType<typeof decodePutRequest>, theirs: Message): void {
  assert.deepEqual(ours, {
    key: theirs['key'],
    value: theirs['value'],
    lease: theirs['lease'],
    prevKv: theirs['prev_kv'],
    ignoreValue: theirs['ignore_value'],
    ignoreLease: theirs['ignore_lease'],
  });
}

function assertDelete(ours: ReturnType<typeof decodeDeleteRangeRequest>, theirs: Message): void {
  assert.deepEqual(ours, { key: theirs['key'], rangeEnd: theirs['range_end'], prevKv: theirs['prev_kv'] });
}

function assertTxn(ours: ReturnType<typeof decodeTxnRequest>, theirs: Message): void {
  assert.equal(ours.compare.length, theirs['compare'].length);
  for (const [n, one] of ours.compare.entries()) {
    const other = theirs['compare'][n] as Message;
    assert.deepEqual(
      [one.result, one.target, one.key, one.rangeEnd, one.value, one.lease],
      [
        other['result'],
        other['target'],
        other['key'],
        other['range_end'],
        other['value'] ?? Buffer.alloc(0),
        other['lease'] ?? 0n,
      ],
    );
    assertInteger(one.version, other['version'] ?? 0n);
    assertInteger(one.createRevision, other['create_revision'] ?? 0n);
    assertInteger(one.modRevision, other['mod_revision'] ?? 0n);
  }
  assertOperations(ours.success, theirs['success']);
  assertOperations(ours.failure, theirs['failure']);
}

function assertOperations(ours: readonly RequestOp[], theirs: readonly Message[]): void {
  assert.equal(ours.length, theirs.length);
  for (const [n, one] of ours.entries()) {
    const other = theirs[n]!;
    if (one === null) assert.deepEqual(other, {});
    else if (one.kind === 'Range') assertRange(one.request, other['request_range']);
    else if (one.kind === 'Put') assertPut(one.request, other['request_put']);
    else if (one.kind === 'DeleteRange') assertDelete(one.request, other['request_delete_range']);
    else assertTxn(one.request, other['request_txn']);
  }
}

test('requests of KV are read as protobufjs reads them', () => {
  fc.assert(
    fc.property(rangeRequest, putRequest, deleteRequest, txnRequest, (range, put, del, txn) => {
      const one = sent('RangeRequest', range);
      assertRange(decodeRangeRequest(one.bytes), one.read);
      const two = sent('PutRequest', put);
      assertPut(decodePutRequest(two.bytes), two.read);
      const three = sent('DeleteRangeRequest', del);
      assertDelete(decodeDeleteRangeRequest(three.bytes), three.read);
      const four = sent('TxnRequest', txn);
      assertTxn(decodeTxnRequest(four.bytes), four.read);
    }),
  );
});

test('requests of Compact, Watch and LeaseKeepAlive are read as protobufjs reads them', () => {
  const create = fc.record({
    key: bytes,
    range_end: bytes,
    start_revision: int64,
    progress_notify: fc.boolean(),
    filters: fc.array(fc.nat(1), { maxLength: 3 }),
    prev_kv: fc.boolean(),
    watch_id: count,
    fragment: fc.boolean(),
  });
  fc.assert(
    fc.property(int64, fc.boolean(), create, count, int64, (revision, physical, create_request, watch_id, ID) => {
      const compaction = decodeCompactionRequest(sent('CompactionRequest', { revision, physical }).bytes);
      assertInteger(compaction.revision, revision);
      assert.equal(compaction.physical, physical);
      const watch = decodeWatchRequest(sent('WatchRequest', { create_request }).bytes);
      assert.ok(watch?.kind === 'Create');
      assertInteger(watch.startRevision, create_request.start_revision);
      assert.deepEqual(
        [watch.key, watch.rangeEnd, watch.progressNotify, watch.filters, watch.prevKv, watch.watchId, watch.fragment],
        [
          create_request.key,
          create_request.range_end,
          create_request.progress_notify,
          create_request.filters,
          create_request.prev_kv,
          create_request.watch_id,
          create_request.fragment,
        ],
      );
      const cancel = decodeWatchRequest(sent('WatchRequest', { cancel_request: { watch_id } }).bytes);
      assert.deepEqual(cancel, { kind: 'Cancel', watchId: watch_id });
      const progress = decodeWatchRequest(sent('WatchRequest', { progress_request: {} }).bytes);
      assert.deepEqual(progress, { kind: 'Progress' });
      assert.equal(decodeWatchRequest(Buffer.alloc(0)), null);
      assert.equal(decodeKeepAliveRequest(sent('LeaseKeepAliveRequest', { ID }).bytes), ID);
    }),
  );
});

const header: fc.Arbitrary<Header> = fc
  .tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n), count, count)
  .map(([clusterId, memberId, revision, raftTerm]) => ({
    identity: identityOf(clusterId, memberId),
    revision,
    raftTerm,
  }));
const keyValue: fc.Arbitrary<KeyValue> = fc.record({
  key: bytes,
  value: bytes,
  createRevision: count,
  modRevision: count,
  version: count,
  lease,
});
const rangeResult: fc.Arbitrary<RangeResult> = fc.record({
  kind: fc.constant('Range' as const),
  revision: count,
  items: fc.array(keyValue, { maxLength: 4 }),
  count,
  more: fc.boolean(),
});
const { txnResult } = fc.letrec<{ txnResult: TxnResult; result: TxnResult['results'][number] }>((tie) => ({
  txnResult: fc.record({
    kind: fc.constant('Txn' as const),
    revision: count,
    succeeded: fc.boolean(),
    results: fc.array(tie('result'), { maxLength: 3 }),
  }),
  result: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    rangeResult,
    fc.record({ kind: fc.constant('Put' as const), revision: count, previous: fc.option(keyValue) }),
    fc.record({
      kind: fc.constant('DeleteRange' as const),
      revision: count,
      deleted: count,
      previous: fc.array(keyValue, { maxLength: 3 }),
    }),
    tie('txnResult'),
  ),
}));

function received(type: string, encode: (writer: ProtoWriter) => void): Message {
  const writer = new ProtoWriter();
  encode(writer);
  return reflected<Message>(`etcdserverpb.${type}`).decode(writer.finish());
}

function inProto(item: KeyValue): Message {
  return {
    key: item.key,
    value: item.value,
    create_revision: BigInt(item.createRevision),
    mod_revision: BigInt(item.modRevision),
    version: BigInt(item.version),
    lease: item.lease,
  };
}

function headerIn(value: Header): Message {
  const { cluster_id, member_id, revision, raft_term } = headerMessage(value);
  return { cluster_id, member_id, revision: BigInt(revision), raft_term: BigInt(raft_term) };
}

function revisionIn(revision: number): Message {
  return { cluster_id: 0n, member_id: 0n, revision: BigInt(revision), raft_term: 0n };
}

function rangeIn({ items, more, count: all }: RangeResult, of: Message): Message {
  return { header: of, kvs: items.map(inProto), more, count: BigInt(all) };
}

function resultIn(result: TxnResult['results'][number]): Message {
  const of = revisionIn(result.revision);
  switch (result.kind) {
    case 'Range':
      return { response_range: rangeIn(result, of) };
    case 'Put':
      return {
        response_put: { header: of, prev_kv: result.previous === null ? null : inProto(result.previous) },
      };
    case 'DeleteRange':
      return {
        response_delete_range: {
          header: of,
          deleted: BigInt(result.deleted),
          prev_kvs: result.previous.map(inProto),
        },
      };
    case 'Txn':
      // Only the outermost names the revision.
      return {
        response_txn: {
          header: revisionIn(0),
          succeeded: result.succeeded,
          responses: result.results.map(resultIn),
        },
      };
  }
}

test('answers of KV are what protobufjs reads', () => {
  fc.assert(
    fc.property(header, txnResult, rangeResult, (of, txn, range) => {
      const all = received('TxnResponse', (writer) => encodeTxnResponse(writer, { header: of, result: txn }));
      assert.deepEqual(all, { header: headerIn(of), succeeded: txn.succeeded, responses: txn.results.map(resultIn) });
      for (const result of txn.results) {
        if (result.kind === 'Put') {
          const put = received('PutResponse', (writer) => encodePutResponse(writer, { header: of, result }));
          assert.deepEqual(put, { ...resultIn(result)['response_put'], header: headerIn(of) });
        } else if (result.kind === 'DeleteRange') {
          const del = received('DeleteRangeResponse', (writer) =>
            encodeDeleteRangeResponse(writer, { header: of, result }),
          );
          assert.deepEqual(del, { ...resultIn(result)['response_delete_range'], header: headerIn(of) });
        }
      }
      const whole = received('RangeResponse', (writer) => encodeRangeResponse(writer, { header: of, result: range }));
      assert.deepEqual(whole, rangeIn(range, headerIn(of)));
      const part = received('RangeStreamResponse', (writer) => encodeRangePart(writer, { header: of, ...range }));
      assert.deepEqual(part, { range_response: rangeIn(range, headerIn(of)) });
      const compaction = received('CompactionResponse', (writer) => encodeHeader(writer, of));
      assert.deepEqual(compaction, { header: headerIn(of) });
    }),
  );
});

test('answers of Watch and LeaseKeepAlive are what protobufjs reads', () => {
  const event: fc.Arbitrary<WatchedEvent> = fc.record({
    kind: fc.constantFrom('Put', 'Delete'),
    item: keyValue,
    previous: fc.option(keyValue),
  });
  const watchId = fc.integer({ min: -1, max: 1000 });
  fc.assert(
    fc.property(header, fc.array(event, { maxLength: 4 }), watchId, count, fc.string(), lease, (...random) => {
      const [of, events, id, compactRevision, cancelReason, leaseId] = random;
      const watch = received('WatchResponse', (writer) =>
        encodeWatchResponse(writer, {
          header: of,
          watchId: id,
          created: true,
          canceled: true,
          compactRevision,
          cancelReason,
          fragment: true,
          events,
        }),
      );
      assert.deepEqual(watch, {
        header: headerIn(of),
        watch_id: BigInt(id),
        created: true,
        canceled: true,
        compact_revision: BigInt(compactRevision),
        cancel_reason: Buffer.from(cancelReason).toString(),
        fragment: true,
        events: events.map(({ kind, item, previous }) => ({
          type: kind === 'Put' ? 0 : 1,
          kv: inProto(item),
          prev_kv: previous === null ? null : inProto(previous),
        })),
      });
      const kept = received('LeaseKeepAliveResponse', (writer) =>
        encodeKeepAliveResponse(writer, { header: of, id: leaseId, ttlSeconds: compactRevision }),
      );
      assert.deepEqual(kept, { header: headerIn(of), ID: leaseId, TTL: BigInt(compactRevision) });
    }),
  );
});

test('any bytes are read to an end or refused, and nothing else happens', () => {
  const decoders = [
    decodeRangeRequest,
    decodePutRequest,
    decodeDeleteRangeRequest,
    decodeTxnRequest,
    decodeCompactionRequest,
    decodeWatchRequest,
    decodeKeepAliveRequest,
  ];
  fc.assert(
    fc.property(bytes, txnRequest, fc.nat(400), (random, txn, at) => {
      const damaged = Buffer.from(sent('TxnRequest', txn).bytes);
      if (damaged.length > 0) damaged[at % damaged.length]! ^= 0x55;
      for (const input of [random, damaged]) {
        for (const decode of decoders) {
          try {
            decode(input);
          } catch (error) {
            assert.equal((error as Error).name, 'MalformedMessage');
          }
        }
      }
    }),
  );
});

test('a field that is not known is skipped, whatever its type', () => {
  const root = protoRoot();
  const known = root
    .lookupType('etcdserverpb.RangeRequest')
    .encode({ key: Buffer.from('k'), limit: 5 })
    .finish();
  const unknown = Buffer.from([
    0xf8, 1, 0x96, 1, 0xf9, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0xfa, 1, 2, 9, 9, 0xfd, 1, 1, 2, 3, 4,
  ]);
  const { key, limit } = decodeRangeRequest(Buffer.concat([unknown, known, unknown]));
  assert.deepEqual([key.toString(), limit], ['k', 5]);
});

test('a message larger than the writer’s buffer, and one after it, are whole', () => {
  const writer = new ProtoWriter();
  const large = Buffer.alloc(100_000, 'x');
  writer.bytes(1, large);
  const first = writer.finish();
  writer.bytes(1, Buffer.from('small'));
  const second = writer.finish();
  const readBytes = (message: Buffer): Buffer => {
    const reader = new ProtoReader(message);
    assert.equal(reader.tag(), 10);
    return reader.bytes();
  };
  assert.deepEqual(readBytes(first), large);
  assert.equal(readBytes(second).toString(), 'small');
});
