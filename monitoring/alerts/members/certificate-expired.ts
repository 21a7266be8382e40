/** A certificate that a member uses has ended. */
import { MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const certificateExpired: Alert = {
  name: 'QuorateCertificateExpired',
  severity: 'critical',
  for: '0m',
  expr: (labels) =>
    `min by (${MEMBER_LABELS}, use) (${series('quorate_certificate_not_after_seconds', labels)}) - time() < 0`,
  summary:
    'The {{ $labels.use }} certificate of {{ $labels.pod }} in {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} has ended',
  description:
    'New connections with it are refused. Open ones last until they break: then members are cut off from each other, or clients from members.',
};
