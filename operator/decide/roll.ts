/**
 * Brings outdated pods up to date, one at a time, each back, caught up and ready for a while before the next: those without
 * a vote, then followers from the highest ordinal down, the leader last, after it has handed over. Healthy voters go
 * through the Eviction API, so that the API server arbitrates between this and a drain.
 */
import { type ClusterView, objectionToRestart, type Place, ref } from './cluster-view.ts';
import { handOver } from './hand-over.ts';
import { objectionToRestartUnprotected } from './refused-writes.ts';
import { isOutdated } from './replace-broken-pods.ts';
import { act, firstOf, note, type Outcome, pass, type Rule, SOON_MS } from './rule.ts';

export const roll: Rule = (view) => {
  const outdated = view.places.filter((place) => needsRestart(view, place));
  if (outdated.length === 0) return pass;
  const names = outdated.map(({ name }) => name).join(', ');
  if (view.spec.updateStrategy.type === 'Manual') {
    return note(`outdated, and left to you since spec.updateStrategy.type is Manual: delete pod ${names}`, null);
  }
  const unsettled = firstOf(view.places.filter(({ isWanted }) => isWanted).map((place) => settled(view, place)));
  if (unsettled.kind !== 'Pass') return unsettled;
  const next = [...outdated].sort((a, b) => rank(a) - rank(b) || b.ordinal - a.ordinal)[0]!;
  return restart(view, next);
};

function needsRestart(view: ClusterView, place: Place): boolean {
  const { pod, volume } = place;
  if (pod === null || pod.deletionDueMs !== null) return false;
  return isOutdated(view, place) || (volume?.needsPodRestart === true && !volume.isTerminating);
}

/** Passes when this member is well, and has been for long enough to go on to the next. */
function settled(view: ClusterView, place: Place): Outcome {
  const { pod, name, isHealthy, member, status } = place;
  const { minReadySeconds } = view.spec.updateStrategy;
  if (pod === null || pod.deletionDueMs !== null) return note(`the rollout waits for pod ${name}`, SOON_MS);
  if (pod.waitingReason !== null) return note(`the rollout stops: pod ${name} does not start (${pod.waitingReason})`);
  if (pod.unschedulable !== null) return note(`the rollout stops: pod ${name} has no node: ${pod.unschedulable}`);
  // A member that is to join, or is parked, has no vote and is the business of another rule.
  if (member === null && status?.state === 'Parked') return pass;
  if (place.differs) return note(`the rollout waits until ${name} holds the same keys as a quorum`, null);
  if (!isHealthy) return note(`the rollout waits until ${name} takes part and has caught up`, SOON_MS);
  if (!pod.isReady) return note(`the rollout waits until pod ${name} is ready`, SOON_MS);
  const readyMs = view.nowMs - (pod.readyChangedMs ?? view.nowMs);
  if (readyMs < minReadySeconds * 1000) {
    return note(
      `the rollout waits until ${name} has been ready for ${minReadySeconds} s`,
      minReadySeconds * 1000 - readyMs,
    );
  }
  const { version } = view.spec;
  const isNew = pod.templateHash === view.observed.templateHashes[place.set];
  if (version !== undefined && isNew && status !== null && status.version !== version) {
    return note(
      `the rollout stops: the image of ${name} is version ${status.version}, spec.version is ${version}`,
      null,
    );
  }
  return pass;
}

function rank({ member, status }: Place): number {
  if (member?.role !== 'Voter') return 0;
  return status?.role === 'Leader' ? 2 : 1;
}

function restart(view: ClusterView, place: Place): Outcome {
  const pod = place.pod!;
  const { name, member, status } = place;
  const reason = isOutdated(view, place) ? 'its template is outdated' : 'its volume has grown and needs a restart';
  if (member?.role !== 'Voter') return act({ kind: 'DeletePod', pod: ref(pod), force: false }, name, reason);
  const objection = objectionToRestartUnprotected(view) ?? objectionToRestart(view, place);
  if (objection !== null) return note(`${name} is not restarted now: ${objection}`);
  if (status?.role === 'Leader' && view.voters.length > 1) return handOver(view, place, reason);
  const { pdb } = view.observed;
  if (pdb === null) return act({ kind: 'DeletePod', pod: ref(pod), force: false }, name, reason);
  if (pdb.disruptionsAllowed === 0) return note(`the PodDisruptionBudget allows no eviction of ${name} now`, SOON_MS);
  return act({ kind: 'EvictPod', pod: ref(pod) }, name, reason);
}
