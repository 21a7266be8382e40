/** A certificate was not renewed in time, or the member has not read the new one. */
import { MEMBER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const certificateExpiring: Alert = {
  name: 'QuorateCertificateExpiring',
  severity: 'warning',
  for: '1h',
  expr: (labels) =>
    `min by (${MEMBER_LABELS}, use) (${series('quorate_certificate_not_after_seconds', labels)}) - time() < 7 * 86400`,
  summary:
    'The {{ $labels.use }} certificate of {{ $labels.pod }} in {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} ends in {{ $value | humanizeDuration }}',
  description: 'It should have been renewed before. Once it has ended, others refuse this member.',
};
