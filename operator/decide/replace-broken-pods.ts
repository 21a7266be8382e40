/**
 * Outdated pods that take no part: whatever else is wrong, a pod of the present template can only be better. This is what
 * heals a rollout of an image that does not start, once the spec is put back.
 */
import { type ClusterView, isEmpty, type Place, ref } from './cluster-view.ts';
import { act, pass, type Rule } from './rule.ts';

export const replaceBrokenPods: Rule = (view) => {
  if (view.spec.updateStrategy.type === 'Manual') return pass;
  for (const place of view.places) {
    const { pod, status } = place;
    if (pod === null || pod.deletionDueMs !== null || pod.isReady || !isOutdated(view, place)) continue;
    if (status !== null && status.state !== 'Parked') continue;
    if (isLateFounder(view, place)) continue;
    return act({ kind: 'DeletePod', pod: ref(pod), force: false }, pod.name, 'it is outdated and takes no part');
  }
  return pass;
};

/**
 * Whether its template is old and a new pod would be up to date, as the StatefulSet's controller has seen the present
 * one.
 */
export function isOutdated({ observed, sets }: ClusterView, { pod, set }: Place): boolean {
  const desired = observed.templateHashes[set];
  const live = sets[set];
  return pod !== null && pod.templateHash !== desired && live?.templateHash === desired && live.isObserved;
}

/**
 * Whether its pod still has the snapshot to begin with, which the template holds no more once the first founder has
 * accepted.
 */
function isLateFounder({ status: { founding } }: ClusterView, place: Place): boolean {
  return (
    founding?.snapshot_path !== undefined &&
    isEmpty(place) &&
    founding.founders.some(({ name, incarnation }) => name === place.name && incarnation === place.incarnation)
  );
}
