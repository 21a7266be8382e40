/** The operator sees members that hold different keys. */
import { condition } from '../conditions.ts';
import type { Alert } from '../types.ts';

export const dataDiffers: Alert = {
  name: 'QuorateDataDiffers',
  severity: 'critical',
  for: '1m',
  expr: (labels) => `${condition('DataConsistent', 'False', labels)} == 1`,
  summary: 'Members of {{ $labels.namespace }}/{{ $labels.name }} hold different keys, and somebody has to decide',
  description:
    'The members have compared the hashes of their keys, and these are not equal (alarm CORRUPT): writes are refused. The operator keeps it from spreading and destroys nothing; its condition DataConsistent says whose keys differ and what to do.',
};
