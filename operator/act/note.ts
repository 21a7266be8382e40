/** What the user reads of an act, as a Kubernetes event: a sentence each. Pure. */
import { sentence } from '../api/sentence.ts';
import type { Act, ActEvent, Plan } from '../decide/types.ts';

/** The plan that an act was made for: with whom it is about, and why. People look here first when a pod of theirs has gone. */
type Why = Pick<Plan, 'subject' | 'reason'>;

/** Every act has one, so that nothing is done in silence: an act without a case does not compile. */
export function doneNote(act: Act, plan: Why): ActEvent {
  const { type = 'Normal', reason, done } = tellingOf(act, plan);
  return { type, reason, message: sentence(done) };
}

/** For an act to which a budget or a member has said `not now`. That is ordinary, so it is no warning. */
export function refusedNote(act: Act, plan: Why, why: string): ActEvent {
  return {
    type: 'Normal',
    reason: 'ActRefused',
    message: sentence(`Could not yet ${tellingOf(act, plan).task}: ${why}`),
  };
}

export function failedNote(act: Act, plan: Why, why: string): ActEvent {
  const said = sentence(`Could not ${tellingOf(act, plan).task}: ${why}`);
  return { type: 'Warning', reason: 'ActFailed', message: `${said} It is tried again.` };
}

type Telling = {
  readonly type?: ActEvent['type'];
  readonly reason: string;
  /** What was to be done, as it follows `could not`. */
  readonly task: string;
  readonly done: string;
};

function tellingOf(act: Act, { subject, reason: why }: Why): Telling {
  switch (act.kind) {
    case 'Record': {
      const { type, reason, message } = act.event;
      return { type, reason, task: `write to the status: ${message}`, done: message };
    }
    case 'Bootstrap': {
      const task = `${act.slots.join(', ')} to form cluster ${act.record.cluster_id}`;
      return { reason: 'FoundersTold', task: `tell ${task}`, done: `Told ${task}` };
    }
    case 'AddLearner':
      return { reason: 'MemberAdded', task: `add ${act.slot} as a learner`, done: `Added ${act.slot} as a learner` };
    case 'Join': {
      const task = `${act.slot} to join as member ${act.record.member_id}`;
      return { reason: 'MemberJoining', task: `tell ${task}`, done: `Told ${task}` };
    }
    case 'Promote':
      return { reason: 'MemberPromoted', task: `make ${act.name} a voter`, done: `Made ${act.name} a voter` };
    case 'SetVoters': {
      const task = `${subject} voters in one change, of ${act.voters.length} in all`;
      return { reason: 'VotersChanged', task: `make ${task}`, done: `Made ${task}` };
    }
    case 'TransferLeader': {
      const task = `leadership over to ${act.toName}`;
      return { reason: 'LeaderTransferred', task: `hand ${task}`, done: `Handed ${task}` };
    }
    case 'RemoveMember': {
      const task = `${act.name}, member ${act.memberId}, from the cluster`;
      return { reason: 'MemberRemoved', task: `remove ${task}`, done: `Removed ${task}: ${why}` };
    }
    case 'MarkVolume': {
      const task = `the volume ${act.volume.name} as holding ${dataOf(act)}`;
      return { reason: 'VolumeMarked', task: `mark ${task}`, done: `Marked ${task}` };
    }
    case 'DeleteVolume': {
      const task = `the volume ${act.volume.name}`;
      return { reason: 'VolumeDeleted', task: `delete ${task}`, done: `Deleted ${task}: no member has its data` };
    }
    case 'ReleaseVolume': {
      const task = `the volume ${act.volume.name}`;
      return { reason: 'VolumeReleased', task: `release ${task}`, done: `Released ${task}: its data stays, unused` };
    }
    case 'GrowVolume': {
      const task = `for ${act.size} for the volume ${act.volume.name}`;
      return { reason: 'VolumeGrown', task: `ask ${task}`, done: `Asked ${task}` };
    }
    case 'ScaleSet': {
      const task = `the size of the ${act.set.toLowerCase()}' StatefulSet to ${act.replicas}`;
      return { reason: 'Scaled', task: `set ${task}`, done: `Set ${task}: ${why}` };
    }
    case 'EvictPod': {
      const task = `the pod ${act.pod.name}`;
      return { reason: 'PodEvicted', task: `evict ${task}`, done: `Evicted ${task}: ${why}` };
    }
    case 'DeletePod': {
      const task = `the pod ${act.pod.name}${act.force ? ' without grace' : ''}`;
      const told = { task: `delete ${task}`, done: `Deleted ${task}: ${why}` };
      return act.force ? { type: 'Warning', reason: 'PodForced', ...told } : { reason: 'PodDeleted', ...told };
    }
    case 'RecoverQuorum': {
      const task = `${act.slot} the only voter of the new cluster ${act.clusterId}`;
      return {
        type: 'Warning',
        reason: 'QuorumRecovered',
        task: `make ${task}`,
        done: `Made ${task}: what only the lost members had is lost`,
      };
    }
    case 'DisposeVolume': {
      const task = `the volume ${act.volume.name} with its RaftCluster`;
      return { reason: 'VolumeDeleted', task: `delete ${task}`, done: `Deleted ${task}` };
    }
    case 'LetStop': {
      const task = `${act.slots.join(', ')} to stop without waiting for the others`;
      return { reason: 'MembersLetGo', task: `tell ${task}`, done: `Told ${task}` };
    }
    case 'AddFinalizer':
      return {
        reason: 'Guarded',
        task: 'add the finalizer that a deletion waits for',
        done: 'Added the finalizer: a deletion waits until the volumes are kept or deleted, as the spec says',
      };
    case 'RemoveFinalizer':
      return { reason: 'Finalized', task: 'finish the deletion', done: 'Finished the deletion' };
  }
}

function dataOf({ incarnation, clusterId, memberId }: Extract<Act, { kind: 'MarkVolume' }>): string {
  if (memberId === null || clusterId === null) return `the incarnation ${incarnation}, which is no member yet`;
  return `the data of member ${memberId} of cluster ${clusterId}`;
}
