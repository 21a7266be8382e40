/** Drains are not held back. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const disruptionBudgetMissing: Alert = {
  name: 'QuorateDisruptionBudgetMissing',
  severity: 'warning',
  for: '15m',
  expr: (labels) => `${condition('DisruptionBudget', 'False', labels, ['Hibernating', 'TooFewVoters'])} == 1`,
  summary: '{{ $labels.namespace }}/{{ $labels.name }} has no PodDisruptionBudget',
  description:
    'Drains of several nodes at a time can take its quorum. Its condition DisruptionBudget says why there is none.',
};
