/** `v3electionpb.Election`: whoever has the head of the queue is elected, and its value is what it proclaims. */
import { RequestError } from '../../../server/types.ts';
import type { KeyValue, LeaseId, Txn, TxnResult, Watch } from '../../../store/types.ts';
import type { EtcdContext } from '../../context.ts';
import { etcdError } from '../../errors.ts';
import type { Call } from '../../grpc/call.ts';
import { type Methods, serverStream, unary } from '../../grpc/method.ts';
import { Code, GrpcError } from '../../grpc/status.ts';
import { type HeaderMessage, headerMessage } from '../../proto/header.ts';
import { reflected } from '../../proto/reflected.ts';
import { write } from '../write.ts';
import { head, leavePlace, type Place, prefixOf, takePlace, underPrefix, waitForHead } from './place.ts';

type HeaderOnly = { readonly header: HeaderMessage };
type LeaderKey = {
  readonly name: Buffer;
  readonly key: Buffer;
  readonly rev: bigint | number;
  readonly lease: LeaseId;
};
type KeyValueMessage = {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: number;
  readonly mod_revision: number;
  readonly version: number;
  readonly lease: LeaseId;
};
type Leader = HeaderOnly & { readonly kv: KeyValueMessage };

const campaignRequest = reflected<{ name: Buffer; lease: LeaseId; value: Buffer }>('v3electionpb.CampaignRequest');
const campaignResponse = reflected<HeaderOnly & { leader: LeaderKey }>('v3electionpb.CampaignResponse');
const proclaimRequest = reflected<{ leader?: LeaderKey | null; value: Buffer }>('v3electionpb.ProclaimRequest');
const proclaimResponse = reflected<HeaderOnly>('v3electionpb.ProclaimResponse');
const leaderRequest = reflected<{ name: Buffer }>('v3electionpb.LeaderRequest');
const leaderResponse = reflected<Leader>('v3electionpb.LeaderResponse');
const resignRequest = reflected<{ leader?: LeaderKey | null }>('v3electionpb.ResignRequest');
const resignResponse = reflected<HeaderOnly>('v3electionpb.ResignResponse');

export function electionMethods(etcd: EtcdContext): Methods {
  const headerAt = (revision: number): HeaderOnly => ({ header: headerMessage(etcd.header(revision)) });
  return {
    '/v3electionpb.Election/Campaign': unary(
      campaignRequest.decode,
      campaignResponse.encode,
      async ({ name, lease, value }, call) => {
        const place = await campaign(etcd, name, lease, value, call);
        const leader = { name, key: place.key, rev: place.revision, lease: place.lease };
        return { header: headerMessage(etcd.header()), leader };
      },
    ),
    '/v3electionpb.Election/Proclaim': unary(
      proclaimRequest.decode,
      proclaimResponse.encode,
      async ({ leader, value }, call) => {
        const { revision, succeeded } = await proclaim(etcd, placeOf(leader), value, call);
        if (!succeeded) throw new GrpcError(Code.Unknown, 'election: not leader');
        return headerAt(revision);
      },
    ),
    '/v3electionpb.Election/Leader': unary(leaderRequest.decode, leaderResponse.encode, async ({ name }, call) => {
      const { items, revision } = await head(etcd, prefixOf(name), call);
      if (items[0] === undefined) throw new GrpcError(Code.Unknown, 'election: no leader');
      return { ...headerAt(revision), kv: messageOf(items[0]) };
    }),
    '/v3electionpb.Election/Observe': serverStream(
      leaderRequest.decode,
      leaderResponse.encode,
      ({ name }, call, send) =>
        observe(etcd, prefixOf(name), call, (revision, kv) => send({ ...headerAt(revision), kv: messageOf(kv) })),
    ),
    '/v3electionpb.Election/Resign': unary(resignRequest.decode, resignResponse.encode, async ({ leader }, call) => {
      const { revision } = await leavePlace(etcd, placeOf(leader), call);
      return headerAt(revision);
    }),
  };
}

async function campaign(etcd: EtcdContext, name: Buffer, lease: LeaseId, value: Buffer, call: Call): Promise<Place> {
  const place = await takePlace(etcd, name, lease, value, call);
  try {
    // A second campaign of the same lease goes on from the first one's place, with its own value.
    if (place.present !== null && !place.present.value.equals(value)) await proclaim(etcd, place, value, call);
    await waitForHead(etcd, place, call);
    return place;
  } catch (error) {
    await leavePlace(etcd, place, call).catch(() => undefined);
    throw error;
  }
}

type Held = Pick<Place, 'key' | 'revision' | 'lease'>;

function proclaim(etcd: EtcdContext, { key, revision, lease }: Held, value: Buffer, call: Call): Promise<TxnResult> {
  const command: Txn = {
    kind: 'Txn',
    compares: [{ key, rangeEnd: null, comparison: 'Equal', target: 'Create', number: revision }],
    success: [{ kind: 'Put', key, value, lease, returnPrevious: false, ignoreValue: false, ignoreLease: false }],
    failure: [],
  };
  return write(etcd, command, 'Txn', call);
}

function placeOf(leader: LeaderKey | null | undefined): Held {
  if (!leader) throw new GrpcError(Code.Unknown, '"leader" field must be provided');
  if (leader.key.length === 0) throw etcdError('emptyKey');
  const revision = Number(leader.rev);
  // No key was ever created at 0, so this one holds no place.
  if (!Number.isSafeInteger(revision) || revision < 1 || leader.lease < 0n) {
    throw new GrpcError(Code.Unknown, 'election: not leader');
  }
  return { key: leader.key, revision, lease: leader.lease };
}

/** Tells of who is elected and of all that it proclaims, then of the next one; until the caller has enough. */
async function observe(
  etcd: EtcdContext,
  prefix: Buffer,
  call: Call,
  tell: (revision: number, leader: KeyValue) => Promise<void> | undefined,
): Promise<void> {
  const { signal } = call;
  while (!signal.aborted) {
    const { items, revision } = await head(etcd, prefix, call);
    const [leader] = items;
    if (leader !== undefined) await tell(revision, leader);
    const watch = await etcd.memberOf(call).watch({
      ...(leader === undefined ? underPrefix(prefix) : { key: leader.key, rangeEnd: null }),
      startRevision: revision + 1,
      returnPrevious: false,
    });
    const stop = (): void => watch.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (!signal.aborted) await follow(watch, leader !== undefined, tell);
    } finally {
      signal.removeEventListener('abort', stop);
      watch.close();
    }
  }
}

/** Resolves when it is to be looked anew who is elected: someone came where nobody was, or who was there has gone. */
async function follow(
  watch: Watch,
  hasLeader: boolean,
  tell: (revision: number, leader: KeyValue) => Promise<void> | undefined,
): Promise<void> {
  try {
    for await (const { events, revision } of watch) {
      for (const { kind, item } of events) {
        if (!hasLeader || kind === 'Delete') return;
        await tell(revision, item);
      }
    }
  } catch (error) {
    if (!(error instanceof RequestError) || error.code !== 'compacted') throw error;
  }
}

function messageOf({ key, value, createRevision, modRevision, version, lease }: KeyValue): KeyValueMessage {
  return { key, value, create_revision: createRevision, mod_revision: modRevision, version, lease };
}
