/** A member's volume gets full: told by the kubelet, by the name of the claim (data-POD). */
import { CLUSTER_LABEL, MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const volumeFillingUp: Alert = {
  name: 'QuorateVolumeFillingUp',
  severity: 'warning',
  for: '15m',
  expr: (labels) =>
    `(
        ${ofMember('kubelet_volume_stats_available_bytes')}
      / ${ofMember('kubelet_volume_stats_capacity_bytes')}
      ) * on (namespace, pod) group_left (${CLUSTER_LABEL}) max by (${MEMBER_LABELS}) (${series('quorate_info', labels)}) < 0.2`,
  summary:
    'The volume of {{ $labels.pod }} in {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} is {{ $value | humanizePercentage }} free',
  description: 'Writes are refused once the reserve is touched (QuorateNoSpace). Grow the volumes before that.',
};

function ofMember(metric: string): string {
  return `max by (namespace, pod) (label_replace(${metric}, "pod", "$1", "persistentvolumeclaim", "data-(.+)"))`;
}
