/** Leaders do not last. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const leaderChurn: Alert = {
  name: 'QuorateLeaderChurn',
  severity: 'warning',
  for: '0m',
  expr: (labels) => `max by (${CLUSTER_LABELS}) (increase(${series('quorate_leader_changes_total', labels)}[15m])) > 4`,
  summary:
    '{{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} has changed its leader {{ $value | humanize }} times in 15 minutes',
  description: 'Each change stops writes for a moment. A rollout or a drain changes it once or twice.',
};
