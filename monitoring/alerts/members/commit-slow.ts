/** Writes wait long for a quorum. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { quantile } from '../series.ts';
import type { Alert } from '../types.ts';

export const commitSlow: Alert = {
  name: 'QuorateCommitSlow',
  severity: 'warning',
  for: '10m',
  expr: (labels) => `${quantile(0.99, 'quorate_quorum_seconds', labels, CLUSTER_LABELS)} > 0.25`,
  summary:
    'Writes in {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} take {{ $value | humanizeDuration }} to reach a quorum (p99)',
  description:
    'From appending on the leader until a quorum has it on disk. The slowest disk of the faster half, or the network between them.',
};
