/** `etcdserverpb.Lease`. */
import { RequestError } from '../../server/types.ts';
import { MAX_LEASE_TTL_SECONDS } from '../../store/validate.ts';
import type { EtcdContext } from '../context.ts';
import { etcdError } from '../errors.ts';
import type { Call } from '../grpc/call.ts';
import { answerEach, type Methods, unary } from '../grpc/method.ts';
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

export function leaseMethods(etcd: EtcdContext): Methods {
  return {
    '/etcdserverpb.Lease/LeaseGrant': unary(grantRequest.decode, grantResponse.encode, async ({ ID, TTL }, call) => {
      if (TTL > MAX_LEASE_TTL_SECONDS) throw refusal(etcd, call, etcdError('leaseTtlTooLarge'));
      if (ID < 0n) {
        throw refusal(etcd, call, new GrpcError(Code.InvalidArgument, 'etcdserver: a lease id must not be negative'));
      }
      // The member chooses an id where there is none, and raises the time to what an election could take.
      const ttlSeconds = TTL < 1n ? 1 : Number(TTL);
      const lease = await write(etcd, { kind: 'LeaseGrant', id: ID, ttlSeconds }, 'Lease', call);
      return { header: headerMessage(etcd.header(lease.revision)), ID: lease.id, TTL: lease.ttlSeconds };
    }),
    '/etcdserverpb.Lease/LeaseRevoke': unary(revokeRequest.decode, revokeResponse.encode, async ({ ID }, call) => {
      if (ID <= 0n) throw refusal(etcd, call, etcdError('leaseNotFound'));
      const { revision } = await write(etcd, { kind: 'LeaseRevoke', id: ID }, 'Leases', call);
      return { header: headerMessage(etcd.header(revision)) };
    }),
    '/etcdserverpb.Lease/LeaseKeepAlive': answerEach(decodeKeepAliveRequest, encodeKeepAliveResponse, (id, call) =>
      keepAlive(etcd, id, call),
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

/** The error, for a user; anybody else is told to be none. */
function refusal(etcd: EtcdContext, call: Call, error: GrpcError): GrpcError {
  etcd.memberOf(call).assertUser();
  return error;
}

async function keepAlive(etcd: EtcdContext, id: bigint, call: Call): Promise<KeepAliveResponse> {
  let ttlSeconds = 0;
  try {
    ({ ttlSeconds } = await etcd.memberOf(call).keepAlive(id, { timeoutMs: call.timeoutMs }));
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return { header: etcd.header(), id, ttlSeconds };
}

async function timeToLive(etcd: EtcdContext, id: bigint, withKeys: boolean, call: Call): Promise<TimeToLive> {
  try {
    const { lease, remainingSeconds, keys } = await etcd.memberOf(call).timeToLive(id, withKeys, {
      timeoutMs: call.timeoutMs,
    });
    return {
      header: headerMessage(etcd.header()),
      ID: id,
      TTL: remainingSeconds,
      grantedTTL: lease.ttlSeconds,
      keys,
    };
  } catch (error) {
    if (!isGone(error)) throw error;
    return { header: headerMessage(etcd.header()), ID: id, TTL: -1 };
  }
}

/** Whether the lease is gone, which its holder is told by an answer and not by an error. */
function isGone(error: unknown): boolean {
  return error instanceof RequestError && error.code === 'lease_not_found';
}
