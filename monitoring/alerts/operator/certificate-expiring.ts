/** A certificate was not renewed in time. */
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const certificateExpiring: Alert = {
  name: 'QuorateCertificateExpiring',
  severity: 'warning',
  for: '1h',
  expr: (labels) =>
    `min by (namespace, name, certificate) (${series('quorate_operator_certificate_expiry_timestamp_seconds', labels)}) - time() < 7 * 86400`,
  summary:
    'Certificate {{ $labels.certificate }} of {{ $labels.namespace }}/{{ $labels.name }} ends in {{ $value | humanizeDuration }}',
  description: 'It should have been renewed before. Once it has ended, members or clients refuse each other.',
};
