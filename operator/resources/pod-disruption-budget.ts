/**
 * The budget counts pods that carry the role label `voter`, and its number is an integer: `maxUnavailable` or a
 * percentage is taken of whatever is there, so it lets a drain take the quorum while members are being replaced.
 */
import { labels } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Shape } from '../decide/types.ts';
import type { PodDisruptionBudget } from '../kube/kinds.ts';
import { childMeta } from './child-meta.ts';

/** Null: there shall be none. */
export function podDisruptionBudget(
  cluster: RaftCluster,
  { minAvailable }: Pick<Shape, 'minAvailable'>,
): PodDisruptionBudget | null {
  if (minAvailable === null) return null;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMeta(cluster, cluster.metadata.name),
    spec: {
      minAvailable,
      selector: { matchLabels: { [labels.cluster]: cluster.metadata.name, [labels.role]: 'voter' } },
      unhealthyPodEvictionPolicy: cluster.spec.disruption.unhealthyPodEvictionPolicy,
    },
  };
}
