/** Snapshots do not arrive. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const snapshotsFailing: Alert = {
  name: 'QuorateSnapshotsFailing',
  severity: 'warning',
  for: '5m',
  expr: (labels) =>
    `sum by (${CLUSTER_LABELS}) (increase(${series('quorate_snapshots_sent_total', labels, 'outcome="Failed"')}[15m])) > 3`,
  summary: 'Snapshots in {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} fail',
  description: 'A member that is too far behind for the log cannot come back without one.',
};
