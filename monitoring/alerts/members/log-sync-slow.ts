/** A member's disk is slow to sync. */
import { MEMBER_LABELS } from '../../labels.ts';
import { quantile } from '../series.ts';
import type { Alert } from '../types.ts';

export const logSyncSlow: Alert = {
  name: 'QuorateLogSyncSlow',
  severity: 'warning',
  for: '10m',
  expr: (labels) => `${quantile(0.99, 'quorate_log_append_seconds', labels, MEMBER_LABELS)} > 0.1`,
  summary:
    'The disk of {{ $labels.pod }} in {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} takes {{ $value | humanizeDuration }} for a sync (p99)',
  description: 'Every write waits for such syncs on a quorum; above the election timeout a leader is voted out.',
};
