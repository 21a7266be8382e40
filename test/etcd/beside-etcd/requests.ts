/** Requests of every kind, odd ones too, in which few keys meet often. */
import fc from 'fast-check';
import type { Message } from '../../../node/etcd/testing/grpc-client.ts';
import type { Answer, Request } from './side.ts';

const keys = ['a', 'aa', 'ab', 'b', 'b\0', 'c', 'd', '\xff', '\xff\xff'];
const key = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...keys).map(bytes) },
  { weight: 1, arbitrary: fc.constantFrom('', '\0').map(bytes) },
);
const rangeEnd = fc.oneof(
  { weight: 4, arbitrary: fc.constant(bytes('')) },
  { weight: 2, arbitrary: fc.constant(bytes('\0')) },
  { weight: 4, arbitrary: fc.constantFrom('b', 'c', 'd', 'e', 'b\0', 'a', '\xff\xff\0').map(bytes) },
);
const value = fc.constantFrom('', '1', '2', '10', 'x').map(bytes);
const seldom = (weight: number): fc.Arbitrary<boolean> =>
  fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
/** 0 is none, or the newest. */
const revision = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 12 }).map((at) => ({ at })) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 2 ** 40) },
);
const bound = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: revision });
const leaseId = fc.constantFrom(101n, 102n, 103n);
const lease = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0n) },
  { weight: 3, arbitrary: leaseId },
  { weight: 1, arbitrary: fc.constant(999n) },
);

const range = fc.record({
  key,
  range_end: rangeEnd,
  limit: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: -1, max: 4 }) }),
  revision,
  sort_order: fc.oneof({ weight: 20, arbitrary: fc.constantFrom(0, 1, 2) }, { weight: 1, arbitrary: fc.constant(3) }),
  sort_target: fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(0, 0, 1, 2, 3, 4) },
    { weight: 1, arbitrary: fc.constant(5) },
  ),
  serializable: fc.boolean(),
  keys_only: seldom(4),
  count_only: seldom(6),
  min_mod_revision: bound,
  max_mod_revision: bound,
  min_create_revision: bound,
  max_create_revision: bound,
});
const put = fc
  .record({ key, value, lease, prev_kv: fc.boolean(), ignore_value: seldom(6), ignore_lease: seldom(6) })
  // Where there is neither the key nor the lease, etcd misses the lease first.
  .map((one) => (one.ignore_value ? { ...one, lease: 0n } : one));
const deleteRange = fc.record({ key, range_end: rangeEnd, prev_kv: fc.boolean() });
// Of what one branch puts and deletes etcd overlooks some, which is refused here (docs/etcd.md): not asked for.
const deleteInTxn = deleteRange.filter(({ range_end }) => !range_end.equals(bytes('\0')));
// Below 0 is the newest, but compacted in a transaction of etcd's.
const rangeInTxn = range.filter(({ revision: one }) => one !== -1);
const putInTxn = put.filter(({ key: one }) => one.compare(bytes('c')) !== 0);
const deleteInNested = deleteRange.map((one) => ({ ...one, key: bytes('c'), range_end: bytes('') }));

const compare: fc.Arbitrary<Message> = fc
  .record({
    key,
    range_end: rangeEnd,
    result: fc.oneof({ weight: 40, arbitrary: fc.constantFrom(0, 1, 2, 3) }, { weight: 1, arbitrary: fc.constant(4) }),
    target: fc.oneof(
      { weight: 40, arbitrary: fc.constantFrom(0, 1, 2, 3, 4) },
      { weight: 1, arbitrary: fc.constant(5) },
    ),
    union: fc.oneof(
      { weight: 10, arbitrary: fc.constant(true) },
      // A target without its field compares with zero; so does one beside another's field.
      { weight: 1, arbitrary: fc.constantFrom('none' as const, 'other' as const) },
    ),
    version: fc.integer({ min: -1, max: 3 }),
    revision,
    value,
    lease: fc.oneof({ weight: 5, arbitrary: lease }, { weight: 1, arbitrary: fc.constantFrom(-1n, 2n ** 62n) }),
  })
  .map(({ union, version, revision: at, value: text, lease: id, ...common }) => {
    if (union === 'none') return common;
    const number = union === 'other' ? (common.target + 1) % 5 : common.target;
    const fields = [{ version }, { create_revision: at }, { mod_revision: at }, { value: text }, { lease: id }];
    return { ...common, ...fields[number] };
  });

const txnOf = (operation: fc.Arbitrary<Message>): fc.Arbitrary<Message> =>
  fc.record({
    compare: fc.array(compare, { maxLength: 2 }),
    success: fc.array(operation, { maxLength: 3 }),
    failure: fc.array(operation, { maxLength: 2 }),
  });
const operationWith = (deletes: fc.Arbitrary<Message>, nested: fc.Arbitrary<Message>): fc.Arbitrary<Message> =>
  fc.oneof(
    { weight: 4, arbitrary: putInTxn.map((request_put) => ({ request_put })) },
    { weight: 4, arbitrary: rangeInTxn.map((request_range) => ({ request_range })) },
    { weight: 2, arbitrary: deletes.map((request_delete_range) => ({ request_delete_range })) },
    { weight: 2, arbitrary: nested.map((request_txn) => ({ request_txn })) },
  );
const leaf = txnOf(operationWith(deleteInNested, fc.constant({})));
const txn = txnOf(operationWith(deleteInTxn, txnOf(operationWith(deleteInNested, leaf))));

const ask = (path: string, type: string, message: fc.Arbitrary<Message>): fc.Arbitrary<Request> =>
  message.map((one) => ({ path, type, message: one }));

/** Of `KV`, without `Compact`. */
export const keyRequest: fc.Arbitrary<Request> = fc.oneof(
  { weight: 6, arbitrary: ask('KV/Put', 'PutRequest', put) },
  { weight: 5, arbitrary: ask('KV/Range', 'RangeRequest', range) },
  { weight: 2, arbitrary: ask('KV/DeleteRange', 'DeleteRangeRequest', deleteRange) },
  { weight: 5, arbitrary: ask('KV/Txn', 'TxnRequest', txn) },
);

export const compactRequest: fc.Arbitrary<Request> = ask(
  'KV/Compact',
  'CompactionRequest',
  fc.record({ revision, physical: fc.boolean() }),
);

export const leaseRequest: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 3,
    arbitrary: ask(
      'Lease/LeaseGrant',
      'LeaseGrantRequest',
      fc.record({
        ID: leaseId,
        TTL: fc.oneof(
          { weight: 8, arbitrary: fc.constantFrom(100n, 1000n, 9_000_000_000n) },
          { weight: 1, arbitrary: fc.constant(9_000_000_001n) },
        ),
      }),
    ),
  },
  { weight: 2, arbitrary: ask('Lease/LeaseRevoke', 'LeaseRevokeRequest', fc.record({ ID: lease })) },
  {
    weight: 1,
    arbitrary: ask('Lease/LeaseTimeToLive', 'LeaseTimeToLiveRequest', fc.record({ ID: lease, keys: fc.boolean() })),
  },
  { weight: 1, arbitrary: ask('Lease/LeaseKeepAlive', 'LeaseKeepAliveRequest', fc.record({ ID: lease })) },
  { weight: 1, arbitrary: ask('Lease/LeaseLeases', 'LeaseLeasesRequest', fc.constant({})) },
);

export const watchRequest: fc.Arbitrary<Message> = fc.record({
  key,
  range_end: rangeEnd,
  start_revision: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 12 }).map((at) => ({ at })) },
    { weight: 1, arbitrary: fc.constant(-1) },
  ),
  filters: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.subarray([0, 1]) }),
  prev_kv: fc.boolean(),
  watch_id: fc.constantFrom(0, 0, 0, 1, 2),
  fragment: seldom(3),
});

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Without the order of what has none, and with what time has taken from leases given back. */
export function comparable(answer: Answer): Answer {
  if ('error' in answer) return answer;
  const message = structuredClone(answer.message) as Message;
  if (message['leases'] !== undefined) message['leases'].sort((a: Message, b: Message) => (a['ID'] < b['ID'] ? -1 : 1));
  if (message['grantedTTL'] !== undefined) {
    message['keys'].sort();
    const passed = Number(message['grantedTTL']) - Number(message['TTL']);
    if (Number(message['TTL']) >= 0 && passed > 0 && passed <= 30) message['TTL'] = message['grantedTTL'];
  }
  return { message };
}

/** Whether it asks for no key at all: from one to one that is not after it. */
export function hasEmptyRange(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || Buffer.isBuffer(message)) return false;
  const { key: from, range_end: to } = message as Message;
  if (Buffer.isBuffer(to) && to.length > 0 && !to.equals(bytes('\0')) && from.compare(to) >= 0) return true;
  return Object.values(message).some(hasEmptyRange);
}

/** Whether any key is named. */
export function hasKey(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || Buffer.isBuffer(message)) return false;
  return Object.hasOwn(message, 'key') || Object.values(message).some(hasKey);
}
