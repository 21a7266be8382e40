/** Members are sent the whole store again and again. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const snapshotLoop: Alert = {
  name: 'QuorateSnapshotLoop',
  severity: 'warning',
  for: '0m',
  expr: (labels) =>
    `sum by (${CLUSTER_LABELS}) (increase(${series('quorate_snapshots_sent_total', labels, 'outcome="Installed"')}[30m])) > 6`,
  summary:
    '{{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} has sent {{ $value | humanize }} snapshots in 30 minutes',
  description:
    'A member that has its snapshot installed is again too far behind for the log, over and over. It needs the whole store each time.',
};
