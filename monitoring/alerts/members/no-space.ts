/** A volume is so full that growth is refused. */
import { MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const noSpace: Alert = {
  name: 'QuorateNoSpace',
  severity: 'critical',
  for: '1m',
  expr: (labels) => `max by (${MEMBER_LABELS}) (${series('quorate_no_space', labels)}) == 1`,
  summary:
    '{{ $labels.pod }} of {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} is short of space: writes are refused',
  description:
    'The volume has less free space than the member keeps in reserve. Writes that grow the store get 507 on every member; deletes, compaction and membership still work.',
};
