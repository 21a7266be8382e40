/**
 * The budget counts the pods with the role label `voter`, and `minAvailable` is a plain number. `maxUnavailable` and
 * percentages depend on the number of pods, so they would let a drain break the quorum while members are replaced.
 */
import { labels } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Shape } from '../decide/types.ts';
import type { PodDisruptionBudget } from '../kube/kinds.ts';
import { childMeta } from './child-meta.ts';

/** Null if the cluster should have no budget. */
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
