/** `etcdserverpb.Maintenance`. */
import type { EtcdContext } from '../../context.ts';
import { etcdError } from '../../errors.ts';
import type { Call } from '../../grpc/call.ts';
import { type Methods, serverStream, unary } from '../../grpc/method.ts';
import { Code, GrpcError } from '../../grpc/status.ts';
import { untilAborted } from '../../grpc/until-aborted.ts';
import { type HeaderMessage, headerMessage } from '../../proto/header.ts';
import { reflected } from '../../proto/reflected.ts';
import { alarm, alarmRequest, alarmResponse } from './alarms.ts';
import { snapshot, snapshotResponse } from './snapshot.ts';
import { status, statusResponse } from './status.ts';

type HeaderOnly = { readonly header: HeaderMessage };
type Hash = HeaderOnly & { readonly hash: number };
type HashKv = Hash & { readonly compact_revision: number; readonly hash_revision: number };

const empty = reflected<object>('etcdserverpb.StatusRequest');
const defragmentResponse = reflected<HeaderOnly>('etcdserverpb.DefragmentResponse');
const hashResponse = reflected<Hash>('etcdserverpb.HashResponse');
const hashKvRequest = reflected<{ revision: bigint }>('etcdserverpb.HashKVRequest');
const hashKvResponse = reflected<HashKv>('etcdserverpb.HashKVResponse');
const moveLeaderRequest = reflected<{ targetID: bigint }>('etcdserverpb.MoveLeaderRequest');
const moveLeaderResponse = reflected<HeaderOnly>('etcdserverpb.MoveLeaderResponse');
const downgradeRequest = reflected<{ action: number; version: string }>('etcdserverpb.DowngradeRequest');
const downgradeResponse = reflected<HeaderOnly>('etcdserverpb.DowngradeResponse');

export function maintenanceMethods(etcd: EtcdContext): Methods {
  const headerOnly = (): HeaderOnly => ({ header: headerMessage(etcd.header()) });
  return {
    '/etcdserverpb.Maintenance/Alarm': unary(alarmRequest.decode, alarmResponse.encode, (request, call) =>
      alarm(etcd, request, call),
    ),
    '/etcdserverpb.Maintenance/Status': unary(empty.decode, statusResponse.encode, () => status(etcd)),
    '/etcdserverpb.Maintenance/Defragment': unary(empty.decode, defragmentResponse.encode, async (_request, call) => {
      // RocksDB keeps itself in order; what waits for nothing but time is the erasure of compacted history.
      await untilAborted(etcd.memberOf(call).erased(), call);
      return headerOnly();
    }),
    '/etcdserverpb.Maintenance/Hash': unary(empty.decode, hashResponse.encode, async (_request, call) => {
      const { hash, revision } = await etcd.memberOf(call).hash(0);
      return { header: headerMessage(etcd.header(revision)), hash: firstBytes(hash) };
    }),
    '/etcdserverpb.Maintenance/HashKV': unary(hashKvRequest.decode, hashKvResponse.encode, ({ revision }, call) =>
      hashKv(etcd, revision, call),
    ),
    '/etcdserverpb.Maintenance/Snapshot': serverStream(empty.decode, snapshotResponse.encode, (_request, call, send) =>
      snapshot(etcd, call, send),
    ),
    '/etcdserverpb.Maintenance/MoveLeader': unary(
      moveLeaderRequest.decode,
      moveLeaderResponse.encode,
      async ({ targetID }, call) => {
        await moveLeader(etcd, targetID, call);
        return headerOnly();
      },
    ),
    '/etcdserverpb.Maintenance/Downgrade': unary(
      downgradeRequest.decode,
      downgradeResponse.encode,
      async ({ action, version }, call) => {
        etcd.memberOf(call).assertRoot();
        return refuseDowngrade(action, version);
      },
    ),
  };
}

async function hashKv(etcd: EtcdContext, revision: bigint, call: Call): Promise<HashKv> {
  const wanted = revision <= 0n ? 0 : Number(revision);
  const found = await etcd.memberOf(call).hash(Math.min(wanted, Number.MAX_SAFE_INTEGER));
  return {
    header: headerMessage(etcd.header(found.revision)),
    hash: firstBytes(found.hash),
    compact_revision: found.compactedRevision,
    hash_revision: found.hashedRevision,
  };
}

async function moveLeader(etcd: EtcdContext, targetId: bigint, call: Call): Promise<void> {
  const member = etcd.memberOf(call);
  member.assertRoot();
  const { leader, memberId } = member.position();
  if (leader !== memberId) throw etcdError('notLeader');
  const { members = [] } = await member.status();
  const target = members.find(({ id }) => BigInt(id) === targetId);
  if (target?.role !== 'Voter') throw etcdError('badTransferee');
  await member.transferLeader(target.id, { timeoutMs: call.timeoutMs, mayForward: false });
}

const CANCEL = 2;

/** Formats only rise here (docs/architecture.md): the refusals are those of an etcd that has no older version to go to. */
async function refuseDowngrade(action: number, version: string): Promise<never> {
  if (action === CANCEL) throw etcdError('noDowngrade');
  if (action !== 0 && action !== 1) throw new GrpcError(Code.InvalidArgument, 'etcdserver: unknown method');
  throw etcdError(/^\d+\.\d+(\.\d+)?$/.test(version) ? 'badDowngradeTarget' : 'badDowngradeVersion');
}

/** The first 32 bits of a SHA-256 in hexadecimal: etcd's hashes have no more. */
function firstBytes(hash: string): number {
  return Number.parseInt(hash.slice(0, 8), 16);
}
