/** A store does not keep up with its log. */
import { MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const applyLagging: Alert = {
  name: 'QuorateApplyLagging',
  severity: 'warning',
  for: '10m',
  expr: (labels) =>
    `max by (${MEMBER_LABELS}) (${series('quorate_commit_index', labels)} - ${series('quorate_applied_index', labels)}) > 5000`,
  summary:
    '{{ $labels.pod }} of {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} applies writes {{ $value | humanize }} entries late',
  description: 'What is committed is not yet in its store: its clients wait for their answers.',
};
