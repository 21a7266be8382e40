/** No member knows a leader. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const noLeader: Alert = {
  name: 'QuorateNoLeader',
  severity: 'critical',
  for: '1m',
  expr: (labels) => `max by (${CLUSTER_LABELS}) (${series('quorate_leader_known', labels)}) == 0`,
  summary: '{{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} has no leader',
  description:
    'No member that answers knows a leader: writes and linearizable reads wait and then fail. A quorum of voters does not run, or the voters do not reach each other.',
};
