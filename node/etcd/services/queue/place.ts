/**
 * A place in a queue of clients, as etcd's recipes keep it: a key under a common prefix, named after the lease of whoever
 * waits, in order of creation. Whoever has the oldest key is at the head. Lock and Election are such queues.
 */
import { RequestError } from '../../../server/types.ts';
import { rangeOf } from '../../../store/range-of.ts';
import type { Keys, KeyValue, LeaseId, Range, RangeResult, Txn, TxnResult } from '../../../store/types.ts';
import type { EtcdContext } from '../../context.ts';
import { etcdError } from '../../errors.ts';
import type { Call } from '../../grpc/call.ts';
import { write } from '../write.ts';

/** The lease of a caller that brings none. Nobody keeps it alive, so a place that waits or was forgotten lasts that long. */
const OWN_LEASE_SECONDS = 60;

export type Place = {
  readonly prefix: Buffer;
  readonly key: Buffer;
  readonly lease: LeaseId;
  /** The revision at which the place was created. */
  readonly revision: number;
  /** What was there, where this lease had the place already. */
  readonly present: KeyValue | null;
};

export function prefixOf(name: Buffer): Buffer {
  return Buffer.concat([name, Buffer.from('/')]);
}

/** Takes the place that this lease has already, or the last one. */
export async function takePlace(
  etcd: EtcdContext,
  name: Buffer,
  givenLease: LeaseId,
  value: Buffer,
  call: Call,
): Promise<Place> {
  const lease = givenLease === 0n ? await ownLease(etcd, call) : givenLease;
  if (lease < 0n) throw etcdError('leaseNotFound');
  const prefix = prefixOf(name);
  const key = Buffer.concat([prefix, Buffer.from(lease.toString(16))]);
  const take: Txn = {
    kind: 'Txn',
    compares: [{ key, rangeEnd: null, comparison: 'Equal', target: 'Create', number: 0 }],
    success: [{ kind: 'Put', key, value, lease, returnPrevious: false, ignoreValue: false, ignoreLease: false }],
    failure: [rangeOf({ key, rangeEnd: null })],
  };
  const result = await write(etcd, take, 'Txn', call);
  const present = presentOf(result);
  return { prefix, key, lease, revision: present?.createRevision ?? result.revision, present };
}

/**
 * Resolves when no older key is left.
 *
 * @throws GrpcError, RequestError, also when the caller gives up
 */
export async function waitForHead(etcd: EtcdContext, { prefix, revision }: Place, call: Call): Promise<void> {
  for (;;) {
    const older = await oldestOrNewest(etcd, prefix, call, { descending: true, maxCreateRevision: revision - 1 });
    const next = older.items[0];
    if (next === undefined) return;
    await waitUntilDeleted(etcd, next.key, older.revision, call);
  }
}

/** The one at the head of the queue. */
export function head(etcd: EtcdContext, prefix: Buffer, call: Call): Promise<RangeResult> {
  return oldestOrNewest(etcd, prefix, call, { descending: false, maxCreateRevision: 0 });
}

/** Gives the place up, unless it is another one by now. Also when the caller has gone: then it matters most. */
export async function leavePlace(
  etcd: EtcdContext,
  { key, revision }: Pick<Place, 'key' | 'revision'>,
  call: Call,
): Promise<TxnResult> {
  const leave: Txn = {
    kind: 'Txn',
    compares: [{ key, rangeEnd: null, comparison: 'Equal', target: 'Create', number: revision }],
    success: [{ kind: 'DeleteRange', key, rangeEnd: null, returnPrevious: false }],
    failure: [],
  };
  return write(etcd, leave, 'Txn', call);
}

/** All keys of this prefix, which is never empty. */
export function underPrefix(prefix: Buffer): Keys {
  const rangeEnd = Buffer.from(prefix);
  rangeEnd[rangeEnd.length - 1]! += 1;
  return { key: prefix, rangeEnd };
}

async function ownLease(etcd: EtcdContext, call: Call): Promise<LeaseId> {
  const { id } = await write(etcd, { kind: 'LeaseGrant', id: 0n, ttlSeconds: OWN_LEASE_SECONDS }, 'Lease', call);
  return id;
}

function presentOf({ results }: TxnResult): KeyValue | null {
  const [first] = results;
  return first?.kind === 'Range' ? (first.items[0] ?? null) : null;
}

function oldestOrNewest(
  etcd: EtcdContext,
  prefix: Buffer,
  call: Call,
  { descending, maxCreateRevision }: { readonly descending: boolean; readonly maxCreateRevision: number },
): Promise<RangeResult> {
  const range: Range = {
    ...rangeOf(underPrefix(prefix)),
    limit: 1,
    sort: { target: 'Create', descending },
    maxCreateRevision,
  };
  return etcd.memberOf(call).range(range, { timeoutMs: call.timeoutMs, consistency: 'linearizable' });
}

async function waitUntilDeleted(etcd: EtcdContext, key: Buffer, readAt: number, call: Call): Promise<void> {
  const { signal } = call;
  const watch = await etcd.memberOf(call).watch({
    key,
    rangeEnd: null,
    startRevision: readAt + 1,
    returnPrevious: false,
    skipPuts: true,
  });
  const stop = (): void => watch.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    for await (const { events } of watch) if (events.length > 0) return;
    signal.throwIfAborted();
    throw etcdError('stopped');
  } catch (error) {
    // What is compacted was long ago: whether the key is there now is for the next look to tell.
    if (!(error instanceof RequestError) || error.code !== 'compacted') throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    watch.close();
  }
}
