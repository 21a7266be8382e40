/** A drain waits for a cluster. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const drainBlocked: Alert = {
  name: 'QuorateDrainBlocked',
  severity: 'warning',
  for: '30m',
  expr: (labels) => `${condition('DrainBlocked', 'True', labels)} == 1`,
  summary: '{{ $labels.namespace }}/{{ $labels.name }} has kept a node from being drained for half an hour',
  description:
    'Evicting the pod would take the quorum. The condition DrainBlocked names pod and node, and what is awaited.',
};
