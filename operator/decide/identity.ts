/**
 * Everything of this RaftCluster names one cluster id at most. Two of them are two clusters: whichever were told
 * something next could be the wrong one, so nobody is, until someone has looked.
 */
import type { ClusterView } from './cluster-view.ts';
import { pass, type Rule, wait } from './rule.ts';

export const identity: Rule = (view) => {
  const claims = clusterIdClaims(view);
  const expected = expectedIds(view);
  const strangers = claims.filter(({ clusterId }) => expected.length > 0 && !expected.includes(clusterId));
  const ids = new Set(claims.map(({ clusterId }) => clusterId));
  if (strangers.length === 0 && (ids.size <= 1 || expected.length > 0)) return pass;
  return wait(
    'pods and volumes hold data of different clusters',
    (expected.length > 0 ? strangers : claims).map(
      ({ holder, clusterId }) =>
        `${holder} holds data of cluster ${clusterId}${expected.length > 0 ? `, not of ${expected[0]}` : ''}: take away what does not belong here`,
    ),
    { mayApply: false },
  );
};

export type Claim = { readonly holder: string; readonly clusterId: string };

/** The cluster ids that pods and volumes show, but for those on their way out or kept for their user. */
export function clusterIdClaims({ places }: ClusterView): readonly Claim[] {
  return places.flatMap(({ name, status, volume }) => {
    if (volume?.isReleased === true) return [];
    const claims: Claim[] = [];
    if (status?.cluster_id !== undefined) claims.push({ holder: `member ${name}`, clusterId: status.cluster_id });
    if (volume !== null && !volume.isTerminating && volume.clusterId !== null) {
      claims.push({ holder: `volume ${volume.name}`, clusterId: volume.clusterId });
    }
    return claims;
  });
}

/** The ids that belong here: none before anything is known, and during a quorum recovery the former one, too. */
function expectedIds({ status }: ClusterView): readonly string[] {
  const ids = [status.clusterID ?? status.founding?.cluster_id];
  const recovery = status.quorumRecovery;
  if (recovery !== undefined && recovery.step !== 'Offered' && recovery.step !== 'Done') {
    ids.push(recovery.clusterID, recovery.formerClusterID);
  }
  return ids.filter((id) => id !== undefined);
}
