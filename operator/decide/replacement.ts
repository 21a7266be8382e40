/**
 * Carries a replacement through, once it is written down: the old id leaves the configuration, then the volume that held
 * it goes, then its pod, which comes back empty and joins as anyone does.
 */
import { type ClusterView, holds, objectionToRemoval, placeNamed, ref } from './cluster-view.ts';
import { act, note, type Outcome, pass, type Rule, record, SOON_MS } from './rule.ts';

export const continueReplacement: Rule = (view) => {
  const { configuration, status } = view;
  const { replacing } = status;
  if (replacing === undefined || configuration === null) return pass;
  const { name, incarnation } = replacing;
  const member = configuration.members.find((candidate) => candidate.incarnation === incarnation);
  if (member !== undefined) {
    const place = placeNamed(view, name);
    if (place?.isThere === true) return finish(view, 'Recovered', `${name} is back before it was replaced`);
    const objection = objectionToRemoval(view, member);
    if (objection !== null) return note(`${name} is not replaced now: ${objection}`);
    return act(
      {
        kind: 'RemoveMember',
        memberId: member.id,
        name,
        incarnation,
        expectedConfigIndex: configuration.config_index,
      },
      name,
      `member ${member.id} is being replaced`,
    );
  }
  return wipe(view, name, incarnation) ?? finish(view, 'Replaced', `${name} is empty and joins as a new member`);
};

/** Null when nothing is left of that incarnation. */
function wipe(view: ClusterView, name: string, incarnation: string): Outcome | null {
  const { configuration, status, cluster } = view;
  const { volume = null, pod = null } = placeNamed(view, name) ?? {};
  if (volume === null || volume.incarnation !== incarnation || volume.isReleased) return null;
  if (!volume.isTerminating) {
    if (volume.ownerUid !== cluster.metadata.uid || status.clusterID === undefined || configuration === null)
      return null;
    if (holds(configuration, incarnation)) return null;
    return act(
      { kind: 'DeleteVolume', volume: ref(volume), incarnation, clusterId: status.clusterID },
      volume.name,
      `its member is no longer in the configuration`,
    );
  }
  if (pod !== null && pod.deletionDueMs === null) {
    return act({ kind: 'DeletePod', pod: ref(pod), force: false }, pod.name, 'it gets a new volume');
  }
  return note(`volume ${volume.name} is being deleted`, SOON_MS);
}

function finish(view: ClusterView, reason: string, message: string): Outcome {
  const subject = view.status.replacing?.name ?? view.cluster.metadata.name;
  return record({ replacing: undefined }, 'Normal', reason, message, subject);
}
