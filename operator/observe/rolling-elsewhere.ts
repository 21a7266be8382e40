/**
 * After an operator's upgrade, clusters without an image of their own take the new one in turn: an image that does not
 * work must not reach a second cluster.
 */
import type { ObjectName, Stored } from '../kube/types.ts';
import type { RaftClusterObject } from './cluster-kind.ts';

/**
 * The name of another cluster that is taking the operator's image now, or is not well after that; null when there is
 * none.
 */
export function rollingElsewhere(
  self: ObjectName,
  clusters: readonly Stored<RaftClusterObject>[],
  operatorImage: string,
): string | null {
  const rolling = clusters.find(
    (other) =>
      !(other.metadata.name === self.name && other.metadata.namespace === self.namespace) &&
      followsOperator(other) &&
      other.status?.image === operatorImage &&
      other.status.hasFormed === true &&
      (conditionOf(other, 'MembersUpToDate') !== 'True' || conditionOf(other, 'Ready') !== 'True'),
  );
  return rolling === undefined ? null : `${rolling.metadata.namespace}/${rolling.metadata.name}`;
}

/** Whether others wait for it. A cluster that its user has stopped, paused or deleted would hold them up for ever. */
function followsOperator({ metadata, spec }: Stored<RaftClusterObject>): boolean {
  const { image, paused, replicas } = (spec ?? {}) as { image?: string; paused?: boolean; replicas?: number };
  return image === undefined && paused !== true && replicas !== 0 && metadata.deletionTimestamp === undefined;
}

function conditionOf({ status }: Stored<RaftClusterObject>, type: string): string | undefined {
  return status?.conditions?.find((condition) => condition.type === type)?.status;
}
