/** A change takes longer than its deadline. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const progressStalled: Alert = {
  name: 'QuorateProgressStalled',
  severity: 'warning',
  for: '1m',
  expr: (labels) => `${condition('Progressing', 'False', labels)} == 1`,
  summary: '{{ $labels.namespace }}/{{ $labels.name }} makes no progress',
  description:
    'A change is not done after spec.progressDeadlineSeconds. status.plan says what comes next and what blocks it.',
};
