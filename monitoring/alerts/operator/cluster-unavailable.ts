/** The operator finds no quorum. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const clusterUnavailable: Alert = {
  name: 'QuorateClusterUnavailable',
  severity: 'critical',
  for: '2m',
  expr: (labels) => `${condition('Available', 'False', labels, ['Hibernating'])} == 1`,
  summary: '{{ $labels.namespace }}/{{ $labels.name }} is not available',
  description:
    'The operator finds no quorum of voters: writes and linearizable reads fail. Its condition Available names who is missing.',
};
