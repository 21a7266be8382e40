/** A rollout does not end. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const rolloutStuck: Alert = {
  name: 'QuorateRolloutStuck',
  severity: 'warning',
  for: '1h',
  expr: (labels) => `${condition('MembersUpToDate', 'False', labels, ['WaitsForTurn'])} == 1`,
  summary: 'Members of {{ $labels.namespace }}/{{ $labels.name }} have been outdated for an hour',
  description:
    'A new image or setting does not reach all members. When one does not start with it, the others are left as they are: they serve.',
};
