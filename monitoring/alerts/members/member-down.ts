/** A pod is there that does not answer its scrape. */
import { CLUSTER_LABEL } from '../../labels.ts';
import { series } from '../series.ts';
import type { Alert } from '../types.ts';

export const memberDown: Alert = {
  name: 'QuorateMemberDown',
  severity: 'warning',
  for: '5m',
  expr: (labels) => `${series('up', labels, `${CLUSTER_LABEL}!=""`)} == 0`,
  summary: '{{ $labels.pod }} of {{ $labels.namespace }}/{{ $labels.quorate_dev_cluster }} does not answer',
  description:
    'Prometheus cannot scrape this member: it does not run, cannot start, or its node is cut off. The others go on while they are a quorum.',
};
