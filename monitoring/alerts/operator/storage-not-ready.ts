/** Volumes are not bound, or do not grow. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const storageNotReady: Alert = {
  name: 'QuorateStorageNotReady',
  severity: 'warning',
  for: '15m',
  expr: (labels) => `${condition('StorageReady', 'False', labels)} == 1`,
  summary: 'Volumes of {{ $labels.namespace }}/{{ $labels.name }} are not as wanted',
  description: 'A volume is not bound, does not grow, or has no space left. The condition StorageReady names it.',
};
