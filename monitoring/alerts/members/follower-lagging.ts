/** A member does not keep up with the leader. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const followerLagging: Alert = {
  name: 'QuorateFollowerLagging',
  severity: 'warning',
  for: '10m',
  expr: (labels) => `max by (${CLUSTER_LABELS}, peer) (${series('quorate_peer_entries_behind', labels)}) > 5000`,
  summary:
    'Member {{ $labels.peer }} of {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} is {{ $value | humanize }} entries behind',
  description:
    'It counts for the quorum only once it has caught up: until then the cluster bears fewer failures. Reads on it wait.',
};
