/** A member's volume gets full. */
import { MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const volumeFillingUp: Alert = {
  name: 'QuorateVolumeFillingUp',
  severity: 'warning',
  for: '15m',
  expr: (labels) =>
    `min by (${MEMBER_LABELS}) (${series('quorate_disk_free_bytes', labels)} / ${series('quorate_disk_size_bytes', labels)}) < 0.2`,
  summary:
    'The volume of {{ $labels.pod }} in {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} is {{ $value | humanizePercentage }} free',
  description: 'Writes are refused once the reserve is touched (QuorateNoSpace). Grow the volumes before that.',
};
