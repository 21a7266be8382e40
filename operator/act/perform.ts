/**
 * Carries out one act, with the preconditions that it brings. What was decided on a view that is no longer true is
 * refused by whoever receives it: that is no error, the next pass looks again.
 */

import { QuorateError } from '../../client/errors.ts';
import type { ApiBootstrap } from '../../client/types.ts';
import { setName } from '../api/names.ts';
import { finalizer } from '../api/types.ts';
import type { Act, PodRef } from '../decide/types.ts';
import { isOldView } from '../kube/errors.ts';
import { podKind, statefulSetKind } from '../kube/kinds.ts';
import type { KubeApi } from '../kube/types.ts';
import type { Members } from '../members/types.ts';
import { raftClusterKind } from '../observe/cluster-kind.ts';
import type { Observed } from '../observe/types.ts';
import type { Fence } from './fence.ts';
import { membersToAsk } from './members-to-ask.ts';
import { deleteVolume, disposeVolume, growVolume, markVolume, releaseVolume } from './volumes.ts';

export type Hands = { readonly api: KubeApi; readonly members: Members; readonly fence: Fence };

export type Outcome =
  | { readonly kind: 'Done' }
  /** The view on which the act was decided does not hold any more. */
  | { readonly kind: 'Superseded'; readonly why: string }
  /** A budget or a member has said that it must not be done now. */
  | { readonly kind: 'Refused'; readonly why: string };

/** All acts but `Record`, which the pass itself writes, with the rest of the status. */
export type HandsAct = Exclude<Act, { kind: 'Record' }>;

/** @throws KubeError, QuorateError when the act did not work, or nobody knows whether it did */
export async function perform(act: HandsAct, observed: Observed, hands: Hands): Promise<Outcome> {
  try {
    return (await carryOut(act, observed, hands)) ?? { kind: 'Done' };
  } catch (error) {
    if (isOldView(error)) return { kind: 'Superseded', why: error.message };
    if (error instanceof QuorateError && superseded.has(error.code)) return { kind: 'Superseded', why: error.message };
    if (error instanceof QuorateError && refused.has(error.code)) return { kind: 'Refused', why: error.message };
    throw error;
  }
}

const superseded: ReadonlySet<string> = new Set(['config_index_mismatch', 'member_not_found', 'not_a_learner']);
const refused: ReadonlySet<string> = new Set([
  'configuration_pending',
  'configuration_joint',
  'learner_not_in_sync',
  'quorum_at_risk',
  'transfer_failed',
  'last_voter',
  'no_leader',
]);

async function carryOut(act: HandsAct, observed: Observed, hands: Hands): Promise<Outcome | undefined> {
  const { api, members, fence } = hands;
  const { namespace, name } = observed.cluster.metadata;
  switch (act.kind) {
    case 'Bootstrap':
      return bootstrap(act, hands);
    case 'AddLearner':
      fence.check('add a member');
      await members.addMember(membersToAsk(observed), {
        name: act.slot,
        peer_address: act.peerAddress,
        incarnation: act.incarnation,
        expected_config_index: act.expectedConfigIndex,
      });
      return;
    case 'Join':
      fence.check('tell a member to join');
      await members.join(act.slot, act.record);
      return;
    case 'Promote':
      fence.check('promote a member');
      await members.promote(membersToAsk(observed), act.memberId, { expected_config_index: act.expectedConfigIndex });
      return;
    case 'SetVoters':
      fence.check('change the voters');
      await members.replaceVoters(membersToAsk(observed), {
        voters: [...act.voters],
        expected_config_index: act.expectedConfigIndex,
      });
      return;
    case 'TransferLeader':
      fence.check('transfer leadership');
      await members.transferLeader(membersToAsk(observed), act.to);
      return;
    case 'RemoveMember':
      fence.check('remove a member');
      await members.remove(membersToAsk(observed), act.memberId, { expected_config_index: act.expectedConfigIndex });
      return;
    case 'MarkVolume':
      return markVolume(act, observed, hands);
    case 'DeleteVolume':
      return deleteVolume(act, observed, hands);
    case 'ReleaseVolume':
      return releaseVolume(act, observed, hands);
    case 'GrowVolume':
      return growVolume(act, observed, hands);
    case 'ScaleSet': {
      if (act.set === 'Voters' && act.replicas === 0) await letStop(running(observed), hands);
      const set = { namespace, name: setName(name, act.set) };
      const preconditions = { resourceVersion: act.resourceVersion, ...uidOf(observed.sets[act.set]?.uid) };
      await api.patch(
        statefulSetKind,
        set,
        { spec: { replicas: act.replicas, ordinals: { start: act.start } } },
        { ...preconditions, ...fence.options },
      );
      return;
    }
    case 'EvictPod': {
      const eviction = await api.evict({ namespace, name: act.pod.name }, { ...only(act.pod), ...fence.options });
      return eviction.outcome === 'Refused' ? { kind: 'Refused', why: eviction.message } : undefined;
    }
    case 'DeletePod': {
      const grace = act.force ? { gracePeriodSeconds: 0 } : {};
      await api.delete(podKind, { namespace, name: act.pod.name }, { ...only(act.pod), ...grace, ...fence.options });
      return;
    }
    case 'RecoverQuorum':
      fence.check('recover the quorum');
      await members.recover(act.slot, { cluster_id: act.clusterId, nonce: act.nonce });
      return;
    case 'DisposeVolume':
      return disposeVolume(act, observed, hands);
    case 'LetStop':
      await letStop(act.slots, hands);
      return;
    case 'AddFinalizer':
      return setFinalizers(observed, hands, (present) => [...present.filter(isOther), finalizer]);
    case 'RemoveFinalizer':
      // Its owner references take the StatefulSets with it.
      await letStop(running(observed), hands);
      return setFinalizers(observed, hands, (present) => present.filter(isOther));
  }
}

/**
 * All members are about to be stopped: without this the last of a quorum would wait for the others to come back. One that
 * cannot be told waits, and its wait is bounded; nothing depends on it.
 */
async function letStop(slots: readonly string[], { members, fence }: Hands): Promise<void> {
  fence.check('let the members stop together');
  await Promise.allSettled(slots.map(async (name) => members.stopTogether(name)));
}

function running({ slots }: Observed): readonly string[] {
  return slots.filter(({ pod, report }) => pod !== null && report?.kind === 'Answered').map(({ name }) => name);
}

/**
 * All founders are told the same record; one that was told before says so again. Of a snapshot, the first one says what it
 * has read, and the others are held to that.
 */
async function bootstrap(act: Extract<Act, { kind: 'Bootstrap' }>, { members, fence }: Hands): Promise<undefined> {
  const tell = (slot: string, record: ApiBootstrap): Promise<ApiBootstrap> => {
    fence.check('form the cluster');
    return members.bootstrap(slot, record);
  };
  let { record, slots } = act;
  const [first] = slots;
  if (first !== undefined && record.snapshot_path !== undefined && record.snapshot_sha256 === undefined) {
    record = await tell(first, record);
    slots = slots.slice(1);
  }
  const answers = await Promise.allSettled(slots.map(async (slot) => tell(slot, record)));
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
}

async function setFinalizers(
  { cluster }: Observed,
  { api, fence }: Hands,
  change: (present: readonly string[]) => readonly string[],
): Promise<undefined> {
  const { namespace, name, uid, resourceVersion, finalizers = [] } = cluster.metadata;
  const patch = { metadata: { finalizers: change(finalizers) } };
  await api.patch(raftClusterKind, { namespace, name }, patch, { uid, resourceVersion, ...fence.options });
}

function isOther(name: string): boolean {
  return name !== finalizer;
}

function only({ uid, resourceVersion }: PodRef) {
  return { uid, resourceVersion };
}

function uidOf(uid: string | undefined) {
  return uid === undefined ? {} : { uid };
}
