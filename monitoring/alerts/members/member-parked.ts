/** A member waits to be told what to do, longer than forming or joining takes. */
import { MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const memberParked: Alert = {
  name: 'QuorateMemberParked',
  severity: 'warning',
  for: '10m',
  expr: (labels) => `max by (${MEMBER_LABELS}, reason) (${series('quorate_parked', labels, 'reason!="Damaged"')}) == 1`,
  summary:
    '{{ $labels.pod }} of {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} is parked: {{ $labels.reason }}',
  description: 'It is alive and takes no part. The reason says what it waits for.',
};
