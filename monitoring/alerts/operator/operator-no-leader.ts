/** Operators run, and none has the lease. */
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const operatorNoLeader: Alert = {
  name: 'QuorateOperatorNoLeader',
  severity: 'warning',
  for: '5m',
  expr: (labels) => `sum by (namespace) (${series('quorate_operator_leader', labels)}) == 0`,
  summary: 'Operators run and none of them acts',
  description: 'None holds the lease: nothing is replaced, scaled, updated or renewed.',
};
