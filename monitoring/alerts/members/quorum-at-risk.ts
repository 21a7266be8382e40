/** The loss of one more voter would take the quorum. Clusters of one or two always live so, and are left out. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const quorumAtRisk: Alert = {
  name: 'QuorateQuorumAtRisk',
  severity: 'warning',
  for: '5m',
  expr: (labels) =>
    `max by (${CLUSTER_LABELS}) (${series('quorate_quorum_critical', labels)}) == 1
      and on (${CLUSTER_LABELS}) max by (${CLUSTER_LABELS}) (${series('quorate_cluster_members', labels, 'role="Voter"')}) >= 3`,
  summary: '{{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} loses its quorum with the next member',
  description:
    'With one voter less, writes stop. With three voters this is one that is down; a restart that is under way is over sooner than this alert.',
};
