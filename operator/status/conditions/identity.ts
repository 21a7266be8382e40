/** ClusterIDConsistent: whether all members and volumes hold the data of this cluster. */

import { listed } from '../../api/listed.ts';
import { verb } from '../../api/verb.ts';
import type { Slot } from '../../observe/types.ts';
import { type Finder, no, unknown, yes } from './finding.ts';

export const clusterIdConsistent: Finder = ({ observed, previous }) => {
  const held = observed.slots.flatMap((slot) => {
    const id = clusterIdIn(slot);
    return id === null ? [] : [{ name: slot.name, id }];
  });
  const { clusterID, quorumRecovery } = previous;
  if (clusterID === undefined) {
    const ids = [...new Set(held.map(({ id }) => id))];
    if (ids.length > 1) {
      return no(
        'SeveralClusters',
        `${held.map(({ name, id }) => `${name} holds ${id}`).join(', ')}: nothing is started.`,
      );
    }
    return unknown('NotFormed', 'The cluster has not formed yet.');
  }
  // During a quorum recovery, volumes may still hold the data of the former cluster, until it is wiped.
  const isExpected = (id: string): boolean =>
    id === clusterID ||
    (quorumRecovery !== undefined && [quorumRecovery.clusterID, quorumRecovery.formerClusterID].includes(id));
  const foreign = held.filter(({ id }) => !isExpected(id));
  if (foreign.length === 0) return yes('Consistent', `All members hold the data of cluster ${clusterID}.`);
  return no(
    'ForeignData',
    `${listed(foreign.map(({ name, id }) => `${name} (cluster ${id})`))} ${verb(foreign, 'does', 'do')} not belong to cluster ${clusterID}.`,
  );
};

function clusterIdIn({ report, volume }: Slot): string | null {
  if (report?.kind === 'Answered' && report.status.cluster_id !== undefined) return report.status.cluster_id;
  return volume === null || volume.isReleased ? null : volume.clusterId;
}
