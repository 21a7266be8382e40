/** Passes of the operator end with errors, or what they write is refused. */
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const reconcileFailing: Alert = {
  name: 'QuorateReconcileFailing',
  severity: 'warning',
  for: '15m',
  expr: (labels) => `sum by (error) (increase(${series('quorate_operator_reconcile_errors_total', labels)}[15m])) > 5`,
  summary: 'Passes of the operator fail, or what they write is refused: {{ $labels.error }}',
  description: 'It is tried again and again, with growing pauses. The log names the cluster, the object and the error.',
};
