/** A certificate has ended. */
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const certificateExpired: Alert = {
  name: 'QuorateCertificateExpired',
  severity: 'critical',
  for: '0m',
  expr: (labels) =>
    `min by (namespace, name, certificate) (${series('quorate_operator_certificate_expiry_timestamp_seconds', labels)}) - time() < 0`,
  summary: 'Certificate {{ $labels.certificate }} of {{ $labels.namespace }}/{{ $labels.name }} has ended',
  description:
    'New connections with it are refused. Open ones last until they break: then members are cut off from each other, or clients from members.',
};
