/** A member is not connected to another. */
import { MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const peerUnreachable: Alert = {
  name: 'QuoratePeerUnreachable',
  severity: 'warning',
  for: '5m',
  expr: (labels) => `min by (${MEMBER_LABELS}, peer) (${series('quorate_peer_connected', labels)}) == 0`,
  summary:
    '{{ $labels.pod }} of {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} has no connection to member {{ $labels.peer }}',
  description: 'If that member answers its own scrape, the network between them, or their certificates, are at fault.',
};
