/** A cluster is short of members, and stays so. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const clusterDegraded: Alert = {
  name: 'QuorateClusterDegraded',
  severity: 'warning',
  for: '30m',
  expr: (labels) => `${condition('Degraded', 'True', labels)} == 1`,
  summary: '{{ $labels.namespace }}/{{ $labels.name }} has been degraded for half an hour',
  description:
    'It serves, with fewer members than wanted, and the operator has not mended it in that time. The condition Degraded says why.',
};
