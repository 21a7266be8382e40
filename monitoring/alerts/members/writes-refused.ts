/** Members turn writes away. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const writesRefused: Alert = {
  name: 'QuorateWritesRefused',
  severity: 'warning',
  for: '10m',
  expr: (labels) =>
    `sum by (${CLUSTER_LABELS}, reason) (rate(${series('quorate_proposals_refused_total', labels, 'reason!="Stopping"')}[5m])) > 1`,
  summary: '{{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} refuses writes: {{ $labels.reason }}',
  description: 'More than one write a second is refused before it is tried.',
};
