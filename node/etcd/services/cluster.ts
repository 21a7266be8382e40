/**
 * `etcdserverpb.Cluster`. Who is added has no incarnation yet, so it is added as one that nobody has claimed: the member
 * that then joins from that peer address takes its id, by an entry in the log. It begins as a learner also where a voter
 * was asked for, and becomes a voter when it has caught up (`quorate node --join` does that by itself).
 */
import { RequestError } from '../../server/types.ts';
import type { MemberRecord, MembershipChange } from '../../store/types.ts';
import type { EtcdContext } from '../context.ts';
import { etcdError } from '../errors.ts';
import type { Call } from '../grpc/call.ts';
import { type Methods, unary } from '../grpc/method.ts';
import { type HeaderMessage, headerMessage } from '../proto/header.ts';
import { reflected } from '../proto/reflected.ts';

type MemberMessage = {
  readonly ID: number;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
};
type Members = { readonly header: HeaderMessage; readonly members: readonly MemberMessage[] };
type ById = { readonly ID: bigint };

const addRequest = reflected<{ peerURLs: string[]; isLearner: boolean }>('etcdserverpb.MemberAddRequest');
const addResponse = reflected<Members & { readonly member: MemberMessage }>('etcdserverpb.MemberAddResponse');
const removeRequest = reflected<ById>('etcdserverpb.MemberRemoveRequest');
const removeResponse = reflected<Members>('etcdserverpb.MemberRemoveResponse');
const updateRequest = reflected<ById & { peerURLs: string[] }>('etcdserverpb.MemberUpdateRequest');
const updateResponse = reflected<Members>('etcdserverpb.MemberUpdateResponse');
const listRequest = reflected<{ linearizable: boolean }>('etcdserverpb.MemberListRequest');
const listResponse = reflected<Members>('etcdserverpb.MemberListResponse');
const promoteRequest = reflected<ById>('etcdserverpb.MemberPromoteRequest');
const promoteResponse = reflected<Members>('etcdserverpb.MemberPromoteResponse');

export function clusterMethods(etcd: EtcdContext): Methods {
  return {
    '/etcdserverpb.Cluster/MemberAdd': unary(addRequest.decode, addResponse.encode, async ({ peerURLs }, call) => {
      const id = await change(etcd, { kind: 'AddUnclaimed', peerAddress: peerAddressOf(peerURLs) }, call);
      const answer = await listed(etcd, call);
      return { ...answer, member: answer.members.find(({ ID }) => ID === id)! };
    }),
    '/etcdserverpb.Cluster/MemberRemove': unary(removeRequest.decode, removeResponse.encode, async ({ ID }, call) => {
      await change(etcd, { kind: 'Remove', id: idOf(ID) }, call);
      return listed(etcd, call);
    }),
    '/etcdserverpb.Cluster/MemberUpdate': unary(
      updateRequest.decode,
      updateResponse.encode,
      async ({ ID, peerURLs }, call) => {
        await change(etcd, { kind: 'UpdateAddress', id: idOf(ID), peerAddress: peerAddressOf(peerURLs) }, call);
        return listed(etcd, call);
      },
    ),
    '/etcdserverpb.Cluster/MemberList': unary(
      listRequest.decode,
      listResponse.encode,
      async ({ linearizable }, call) => {
        if (!linearizable) return listedHere(etcd, call);
        etcd.assertNotLearner();
        return listed(etcd, call);
      },
    ),
    '/etcdserverpb.Cluster/MemberPromote': unary(
      promoteRequest.decode,
      promoteResponse.encode,
      async ({ ID }, call) => {
        await change(etcd, { kind: 'Promote', id: idOf(ID) }, call);
        return listed(etcd, call);
      },
    ),
  };
}

/** @returns the id of who was added, or changed */
async function change(etcd: EtcdContext, wanted: MembershipChange, call: Call): Promise<number> {
  try {
    return (await etcd.memberOf(call).changeMembership(wanted, null, { timeoutMs: call.timeoutMs })).id;
  } catch (error) {
    if (error instanceof RequestError && error.code === 'member_exists') throw etcdError('peerUrlExists');
    throw error;
  }
}

async function listed(etcd: EtcdContext, call: Call): Promise<Members> {
  const { membership, clientUrls } = await etcd.memberOf(call).cluster({ timeoutMs: call.timeoutMs });
  const isVoter = (id: number): boolean => membership.voters.includes(id) || membership.leaving?.includes(id) === true;
  const members = membership.members.map((member) =>
    messageOf(etcd, member, clientUrls.get(member.id), !isVoter(member.id)),
  );
  return { header: headerMessage(etcd.header()), members };
}

async function listedHere(etcd: EtcdContext, call: Call): Promise<Members> {
  etcd.memberOf(call).assertUser();
  const header = headerMessage(etcd.header());
  const { members = [] } = await etcd.member.status();
  return {
    header,
    members: members.map(({ id, name, peer_address: peerAddress, client_url, role }) =>
      messageOf(etcd, { id, name, peerAddress }, client_url, role === 'Learner'),
    ),
  };
}

function messageOf(
  { peerScheme }: EtcdContext,
  { id, name, peerAddress }: Omit<MemberRecord, 'incarnation'>,
  clientUrl: string | undefined,
  isLearner: boolean,
): MemberMessage {
  const clientURLs = clientUrl === undefined ? [] : [clientUrl];
  return { ID: id, name, peerURLs: [`${peerScheme}://${peerAddress}`], clientURLs, isLearner };
}

/** A member has one address here, and it is no URL: what etcd says of those beyond scheme, host and port holds here too. */
function peerAddressOf(urls: readonly string[]): string {
  const [url] = urls;
  if (url === undefined || urls.length > 1) throw etcdError('badPeerUrls');
  const address = /^https?:\/\/([^/?#@\s]+:\d{1,5})\/?$/.exec(url)?.[1];
  if (address === undefined) throw etcdError('badPeerUrls');
  return address;
}

function idOf(id: bigint): number {
  if (id < 1n || id > BigInt(Number.MAX_SAFE_INTEGER)) throw etcdError('memberNotFound');
  return Number(id);
}
