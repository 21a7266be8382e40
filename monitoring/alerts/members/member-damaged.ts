/** A member has read back something else than it wrote. */
import { MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const memberDamaged: Alert = {
  name: 'QuorateMemberDamaged',
  severity: 'critical',
  for: '1m',
  expr: (labels) => `max by (${MEMBER_LABELS}) (${series('quorate_parked', labels, 'reason="Damaged"')}) == 1`,
  summary: '{{ $labels.pod }} of {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} has found its data damaged',
  description:
    'Bytes that were durable are not what was written. The member takes no part any more; the operator replaces it while the others are a quorum. The volume or the memory below it may be bad: others there may be next.',
};
