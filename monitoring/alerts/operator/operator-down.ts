/** No operator answers its scrape. */
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const operatorDown: Alert = {
  name: 'QuorateOperatorDown',
  severity: 'warning',
  for: '10m',
  expr: (labels) => `absent(${series('quorate_operator_leader', labels)})`,
  summary: 'No operator of Quorate runs',
  description: 'Clusters go on serving. Nothing is replaced, scaled, updated or renewed until an operator runs.',
};
