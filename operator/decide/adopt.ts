/**
 * Writes down which cluster this is, as soon as any pod or volume shows it: after the first founder has accepted the
 * record, after a status was lost, and for volumes that a deleted RaftCluster of this name has left. From then on nobody
 * forms, whatever is lost.
 */
import type { RaftClusterStatus } from '../api/types.ts';
import { type ClusterView, endOfData } from './cluster-view.ts';
import { clusterIdClaims } from './identity.ts';
import { pass, type Rule, record } from './rule.ts';

export const adopt: Rule = (view) => {
  const { status, cluster, places } = view;
  if (status.hasFormed === true && status.clusterID !== undefined) return pass;
  const [claim] = clusterIdClaims(view);
  const clusterID = claim?.clusterId ?? (status.hasFormed === true ? status.founding?.cluster_id : undefined);
  if (clusterID === undefined) return pass;
  const hasFounded = status.founding?.cluster_id === clusterID;
  const founding = places.find(({ status: said }) => said?.founding?.cluster_id === clusterID)?.status?.founding;
  const found: Partial<RaftClusterStatus> = {
    clusterID,
    hasFormed: true,
    ...(status.founding === undefined && founding !== undefined ? { founding } : {}),
    ...(status.hibernation === undefined ? sleeping(view) : {}),
  };
  const message = hasFounded
    ? `Cluster ${clusterID} has formed with ${status.founding?.founders.map(({ name }) => name).join(', ')}`
    : `Cluster ${clusterID} was found in ${claim?.holder ?? 'its founding record'} and is adopted`;
  return record(found, 'Normal', hasFounded ? 'Formed' : 'Adopted', message, cluster.metadata.name);
};

/** Where there are volumes with data and no pods, these members wake first, whatever size is asked for. */
function sleeping(view: ClusterView): Pick<RaftClusterStatus, 'hibernation'> {
  if ((view.sets.Voters?.replicas ?? 0) > 0) return {};
  const replicas = endOfData(view, 'Voters');
  return replicas === 0 ? {} : { hibernation: { replicas, readReplicas: endOfData(view, 'Readers') } };
}
