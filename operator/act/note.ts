/** What the user reads of an act, as a Kubernetes event: a sentence each. Pure. */
import type { Act, ActEvent, Plan } from '../decide/types.ts';

/**
 * Of an act that was done; null for one that needs no telling.
 *
 * @param plan that it was done for, with whom it is about, and why: people look here first when a pod of theirs has gone
 */
export function noteOf(act: Act, { subject, reason: why }: Pick<Plan, 'subject' | 'reason'>): ActEvent | null {
  switch (act.kind) {
    case 'Record':
      return act.event === null ? null : { ...act.event, message: `${act.event.message}.` };
    case 'Bootstrap':
      return normal('FoundersTold', `Told ${act.slots.join(', ')} to form cluster ${act.record.cluster_id}.`);
    case 'AddLearner':
      return normal('MemberAdded', `Added ${act.slot} as a learner.`);
    case 'Join':
      return normal('MemberJoining', `Told ${act.slot} to join as member ${act.record.member_id}.`);
    case 'Promote':
      return normal('MemberPromoted', `Made ${act.name} a voter.`);
    case 'SetVoters':
      return normal('VotersChanged', `Made ${subject} voters in one change, of ${act.voters.length} in all.`);
    case 'TransferLeader':
      return normal('LeaderTransferred', `Handed leadership over to ${act.toName}.`);
    case 'RemoveMember':
      return normal('MemberRemoved', `Removed ${act.name}, member ${act.memberId}, from the cluster: ${why}.`);
    case 'MarkVolume':
    case 'AddFinalizer':
      return null;
    case 'DeleteVolume':
      return normal('VolumeDeleted', `Deleted the volume ${act.volume.name}: no member has its data.`);
    case 'ReleaseVolume':
      return normal('VolumeReleased', `Released the volume ${act.volume.name}: its data stays, unused.`);
    case 'GrowVolume':
      return normal('VolumeGrown', `Asked for ${act.size} for the volume ${act.volume.name}.`);
    case 'ScaleSet':
      return normal('Scaled', `Set the size of the ${act.set.toLowerCase()}' StatefulSet to ${act.replicas}: ${why}.`);
    case 'EvictPod':
      return normal('PodEvicted', `Evicted the pod ${act.pod.name}: ${why}.`);
    case 'DeletePod':
      return act.force
        ? { type: 'Warning', reason: 'PodForced', message: `Deleted the pod ${act.pod.name} without grace: ${why}.` }
        : normal('PodDeleted', `Deleted the pod ${act.pod.name}: ${why}.`);
    case 'RecoverQuorum':
      return {
        type: 'Warning',
        reason: 'QuorumRecovered',
        message: `Made ${act.slot} the only voter of the new cluster ${act.clusterId}: what only the lost members had is lost.`,
      };
    case 'DisposeVolume':
      return normal('VolumeDeleted', `Deleted the volume ${act.volume.name} with its RaftCluster.`);
    case 'RemoveFinalizer':
      return normal('Finalized', 'Finished the deletion.');
  }
}

function normal(reason: string, message: string): ActEvent {
  return { type: 'Normal', reason, message };
}
