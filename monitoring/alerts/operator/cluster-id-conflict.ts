/** Volumes under one name hold data of different clusters. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const clusterIdConflict: Alert = {
  name: 'QuorateClusterIdConflict',
  severity: 'critical',
  for: '1m',
  expr: (labels) => `${condition('ClusterIDConsistent', 'False', labels)} == 1`,
  summary: 'Volumes of {{ $labels.namespace }}/{{ $labels.name }} belong to different clusters',
  description:
    'Members or volumes hold data of more than one cluster id. The operator does nothing more with it, since each next step could destroy data.',
};
