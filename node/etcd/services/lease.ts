/** `etcdserverpb.Lease`. */
import { RequestError } from '../../server/types.ts';
import { MAX_LEASE_TTL_SECONDS } from '../../store/validate.ts';
import type { EtcdContext } from '../context.ts';
import { etcdError } from '../errors.ts';
import type { Call } from '../grpc/call.ts';
import { bidi, type Methods, type Send, unary } from '../grpc/method.ts';
import { Code, GrpcError } from '../grpc/status.ts';
import { type HeaderMessage, headerMessage } from '../proto/header.ts';
import { decodeKeepAliveRequest, encodeKeepAliveResponse, type KeepAliveResponse } from '../proto/keep-alive-codec.ts';
import { reflected } from '../proto/reflected.ts';
import { write } from './write.ts';

const grantRequest = reflected<{ ID: bigint; TTL: bigint }>('etcdserverpb.LeaseGrantRequest');
const grantResponse = reflected<{ header: HeaderMessage; ID: bigint; TTL: number }>('etcdserverpb.LeaseGrantResponse');
const revokeRequest = reflected<{ ID: bigint }>('etcdserverpb.LeaseRevokeRequest');
const revokeResponse = reflected<{ header: HeaderMessage }>('etcdserverpb.LeaseRevokeResponse');
const timeToLiveRequest = reflected<{ ID: bigint; keys: boolean }>('etcdserverpb.LeaseTimeToLiveRequest');
const timeToLiveResponse = reflected<TimeToLive>('etcdserverpb.LeaseTimeToLiveResponse');
const leasesRequest = reflected<object>('etcdserverpb.LeaseLeasesRequest');
const leasesResponse = reflected<{ header: HeaderMessage; leases: { ID: bigint }[] }>(
  'etcdserverpb.LeaseLeasesResponse',
);

type TimeToLive = {
  readonly header: HeaderMessage;
  readonly ID: bigint;
  readonly TTL: number;
  readonly grantedTTL?: number;
  readonly keys?: readonly Buffer[];
};

/** One caller keeps many leases alive over one stream; their rounds to a quorum are shared when they run together. */
const MAX_KEEP_ALIVES_AT_ONCE = 128;

export function leaseMethods(etcd: EtcdContext): Methods {
  return {
    '/etcdserverpb.Lease/LeaseGrant': unary(grantRequest.decode, grantResponse.encode, async ({ ID, TTL }, call) => {
      if (TTL > MAX_LEASE_TTL_SECONDS) throw etcdError('leaseTtlTooLarge');
      if (ID < 0n) throw new GrpcError(Code.InvalidArgument, 'etcdserver: a lease id must not be negative');
      // The member chooses an id where there is none, and raises the time to what an election could take.
      const ttlSeconds = TTL < 1n ? 1 : Number(TTL);
      const lease = await write(etcd, { kind: 'LeaseGrant', id: ID, ttlSeconds }, 'Lease', call);
      return { header: headerMessage(etcd.header(lease.revision)), ID: lease.id, TTL: lease.ttlSeconds };
    }),
    '/etcdserverpb.Lease/LeaseRevoke': unary(revokeRequest.decode, revokeResponse.encode, async ({ ID }, call) => {
      if (ID <= 0n) throw etcdError('leaseNotFound');
      const { revision } = await write(etcd, { kind: 'LeaseRevoke', id: ID }, 'Leases', call);
      return { header: headerMessage(etcd.header(revision)) };
    }),
    '/etcdserverpb.Lease/LeaseKeepAlive': bidi(decodeKeepAliveRequest, encodeKeepAliveResponse, (ids, call, send) =>
      keepAlive(etcd, ids, call, send),
    ),
    '/etcdserverpb.Lease/LeaseTimeToLive': unary(
      timeToLiveRequest.decode,
      timeToLiveResponse.encode,
      ({ ID, keys }, call) => timeToLive(etcd, ID, keys, call),
    ),
    '/etcdserverpb.Lease/LeaseLeases': unary(leasesRequest.decode, leasesResponse.encode, async (_request, call) => {
      const leases = await etcd.memberOf(call).leases({ timeoutMs: call.timeoutMs, consistency: 'linearizable' });
      return { header: headerMessage(etcd.header()), leases: leases.map(({ id }) => ({ ID: id })) };
    }),
  };
}

async function keepAlive(
  etcd: EtcdContext,
  ids: AsyncIterable<bigint>,
  call: Call,
  send: Send<KeepAliveResponse>,
): Promise<void> {
  const failed = Promise.withResolvers<never>();
  const running = new Set<Promise<void>>();
  const answer = async (id: bigint): Promise<void> => {
    const ttlSeconds = await orIfGone(0, async () => {
      const kept = await etcd.memberOf(call).keepAlive(id, { timeoutMs: call.timeoutMs });
      return kept.ttlSeconds;
    });
    await send({ header: etcd.header(), id, ttlSeconds });
  };
  const serve = async (): Promise<void> => {
    for await (const id of ids) {
      const one = answer(id)
        .catch(failed.reject)
        .finally(() => running.delete(one));
      running.add(one);
      if (running.size >= MAX_KEEP_ALIVES_AT_ONCE) await Promise.race(running);
    }
    await Promise.all(running);
  };
  await Promise.race([serve(), failed.promise]);
}

async function timeToLive(etcd: EtcdContext, id: bigint, withKeys: boolean, call: Call): Promise<TimeToLive> {
  const found = await orIfGone(null, () => etcd.memberOf(call).timeToLive(id, withKeys, { timeoutMs: call.timeoutMs }));
  const header = headerMessage(etcd.header());
  if (found === null) return { header, ID: id, TTL: -1 };
  return { header, ID: id, TTL: found.remainingSeconds, grantedTTL: found.lease.ttlSeconds, keys: found.keys };
}

/** A lease that is gone is no error here, but an answer. */
async function orIfGone<T, U>(gone: U, ask: () => Promise<T>): Promise<T | U> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RequestError && error.code === 'lease_not_found') return gone;
    throw error;
  }
}
