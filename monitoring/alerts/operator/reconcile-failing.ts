/** Passes of the operator end with errors. */
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const reconcileFailing: Alert = {
  name: 'QuorateReconcileFailing',
  severity: 'warning',
  for: '15m',
  expr: (labels) => `sum by (error) (increase(${series('quorate_operator_reconcile_errors_total', labels)}[15m])) > 5`,
  summary: 'Passes of the operator fail: {{ $labels.error }}',
  description:
    'Passes end with an error again and again, and are tried again with growing pauses. The log names the cluster and the error.',
};
