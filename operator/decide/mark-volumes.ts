/**
 * Ties each volume to the data that is in it, as its member says. Before a member counts anywhere its volume is marked:
 * without a mark nothing is ever deleted, and a volume that is found later could not be told from another.
 */
import { type Place, ref } from './cluster-view.ts';
import { act, pass, type Rule } from './rule.ts';

export const markVolumes: Rule = (view) => {
  for (const place of view.places) {
    const { volume, status } = place;
    if (volume === null || volume.isTerminating || volume.isReleased) continue;
    if (status === null || status.incarnation === '') continue;
    const clusterId = status.cluster_id ?? (place.isMember ? (view.configuration?.cluster_id ?? null) : null);
    const memberId = status.member_id ?? idOf(place) ?? (clusterId === null ? null : volume.memberId);
    const isMarked =
      volume.incarnation === status.incarnation &&
      volume.clusterId === clusterId &&
      volume.memberId === memberId &&
      volume.ownerUid === view.cluster.metadata.uid;
    if (isMarked) continue;
    return act(
      { kind: 'MarkVolume', volume: ref(volume), incarnation: status.incarnation, clusterId, memberId },
      volume.name,
      `it holds incarnation ${status.incarnation}${memberId === null ? '' : `, member ${memberId}`}`,
    );
  }
  return pass;
};

function idOf({ member, isMember }: Place): number | null {
  return isMember && member !== null ? member.id : null;
}
