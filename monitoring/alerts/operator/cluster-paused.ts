/** A pause was forgotten. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const clusterPaused: Alert = {
  name: 'QuorateClusterPaused',
  severity: 'info',
  for: '1d',
  expr: (labels) => `${condition('Paused', 'True', labels)} == 1`,
  summary: '{{ $labels.namespace }}/{{ $labels.name }} has been paused for a day',
  description: 'Nothing of it is replaced, scaled, updated or renewed while spec.paused is true. Certificates run out.',
};
