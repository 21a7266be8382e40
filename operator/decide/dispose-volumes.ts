/**
 * Volumes of ordinals that a StatefulSet no longer has, by spec.storage.scaleDownPolicy. A volume whose incarnation the
 * configuration holds, or that is not marked, is never touched.
 */
import { type ClusterView, holds, type Place, ref } from './cluster-view.ts';
import { act, firstOf, type Outcome, pass, type Rule } from './rule.ts';

export const disposeVolumes: Rule = (view) => firstOf(view.places.map((place) => dispose(view, place)));

function dispose(view: ClusterView, { set, ordinal, pod, volume }: Place): Outcome {
  const { configuration, status, spec, cluster, sets } = view;
  const live = sets[set];
  if (configuration === null || status.clusterID === undefined || volume === null || pod !== null) return pass;
  if (live !== null && ordinal < live.start + live.replicas) return pass;
  if (volume.isTerminating || volume.isReleased || volume.ownerUid !== cluster.metadata.uid) return pass;
  const { incarnation } = volume;
  if (incarnation === null || holds(configuration, incarnation)) return pass;
  if (spec.storage.scaleDownPolicy === 'Delete') {
    return act(
      { kind: 'DeleteVolume', volume: ref(volume), incarnation, clusterId: status.clusterID },
      volume.name,
      'its member was scaled away',
    );
  }
  // A volume that never held a member's data is as good as new to the next member.
  if (volume.clusterId === null) return pass;
  return act(
    { kind: 'ReleaseVolume', volume: ref(volume) },
    volume.name,
    'its member was scaled away, and the policy is Retain',
  );
}
