/** Clients read their watches more slowly than the store changes. */
import { MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const slowWatchers: Alert = {
  name: 'QuorateSlowWatchers',
  severity: 'info',
  for: '30m',
  expr: (labels) => `max by (${MEMBER_LABELS}) (${series('quorate_slow_watchers', labels)}) > 0`,
  summary:
    '{{ $value | humanize }} watches on {{ $labels.pod }} of {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} do not keep up',
  description: 'Their events come late, and once their revision is compacted they end.',
};
