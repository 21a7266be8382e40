/** Members hold different keys. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const corrupt: Alert = {
  name: 'QuorateCorrupt',
  severity: 'critical',
  for: '0m',
  expr: (labels) => `max by (${CLUSTER_LABELS}) (${series('quorate_corrupt_members', labels)}) > 0`,
  summary:
    'Members of {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} hold different keys: writes are refused',
  description:
    'The hashes that members have of the same revision are not equal (alarm CORRUPT). Keys and leases are not changed any more, so that it does not spread; reads are answered, and those of the member named in the alarm cannot be trusted.',
};
