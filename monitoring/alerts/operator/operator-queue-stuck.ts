/** Clusters wait too long for their pass. */
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const operatorQueueStuck: Alert = {
  name: 'QuorateOperatorQueueStuck',
  severity: 'warning',
  for: '10m',
  expr: (labels) => `max(${series('quorate_operator_queue_oldest_seconds', labels)}) > 300`,
  summary: 'A cluster has waited {{ $value | humanizeDuration }} for its pass',
  description: 'The operator does not get through its clusters: it is starved, or throttled by the API server.',
};
