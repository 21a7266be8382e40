/**
 * Takes up a new size from the spec, at a safe point: not in the middle of a replacement, nor of a removal whose ordinal
 * and volume are still there.
 */
import { type ClusterView, endOfMembers, placesOf, setNames } from './cluster-view.ts';
import { note, type Outcome, pass, type Rule, record } from './rule.ts';

export const latchTarget: Rule = (view) => {
  const { spec, target, status, sets } = view;
  if (spec.replicas === target.Voters && spec.readReplicas === target.Readers) return pass;
  const subject = `the size ${spec.replicas}+${spec.readReplicas}`;
  // A size of 0 comes of a status that was lost while the pods were stopped. To shrink to it would lose everything.
  if (target.Voters === 0) return latch(view);
  if (status.replacing !== undefined) return note(`${subject} waits until ${status.replacing.name} is replaced`);
  for (const set of setNames) {
    const wanted = set === 'Voters' ? spec.replicas : spec.readReplicas;
    if (wanted <= target[set]) continue;
    const live = sets[set];
    const isLeaving =
      live !== null && live.start === 0 && live.replicas > Math.max(target[set], endOfMembers(view, set));
    const stale = placesOf(view, set).find(
      ({ ordinal, volume, member }) =>
        ordinal >= target[set] && member === null && volume !== null && !volume.isReleased && volume.clusterId !== null,
    );
    if (isLeaving || stale !== undefined) return note(`${subject} waits until what was scaled away is gone`);
  }
  return latch(view);
};

function latch({ spec, target, cluster }: ClusterView): Outcome {
  const latched = { replicas: spec.replicas, readReplicas: spec.readReplicas, generation: cluster.metadata.generation };
  const changes = [
    ...(spec.replicas === target.Voters ? [] : [`from ${target.Voters} to ${spec.replicas} voters`]),
    ...(spec.readReplicas === target.Readers ? [] : [`from ${target.Readers} to ${spec.readReplicas} read replicas`]),
  ];
  const message = `Going ${changes.join(', and ')}`;
  return record({ target: latched }, 'Normal', 'Scaling', message, cluster.metadata.name);
}
