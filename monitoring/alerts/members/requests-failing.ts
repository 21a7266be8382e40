/** Clients get errors. */
import { CLUSTER_LABELS } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const requestsFailing: Alert = {
  name: 'QuorateRequestsFailing',
  severity: 'critical',
  for: '10m',
  expr: (labels) =>
    `sum by (${CLUSTER_LABELS}) (rate(${series('quorate_http_requests_total', labels, 'code=~"5.."', clients)}[5m]))
      / sum by (${CLUSTER_LABELS}) (rate(${series('quorate_http_requests_total', labels, clients)}[5m])) > 0.05`,
  summary:
    '{{ $value | humanizePercentage }} of requests to {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} fail',
  description:
    'Clients get errors of the server (5xx). Their library retries on other members; what remains is what they see.',
};

/** Probes are asked whether it is well: their 503 is an answer. */
const clients = 'route!~"/livez|/readyz|/metrics"';
