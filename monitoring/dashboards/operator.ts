/** The dashboard of the operator: what it sees of its clusters, what it does, and how it fares itself. */
import { graph, number, query } from './panels.ts';
import type { Dashboard } from './types.ts';

const CLUSTERS = 'namespace=~"$namespace",name=~"$cluster"';
/** Of the process: those in which operators run, told from others by what only they have. */
const OPERATORS = 'and on (instance) quorate_operator_leader';

/** Of the leading operator alone: the others report no clusters. */
const clustersWith = (type: string, status: string, more = ''): string =>
  `sum(quorate_operator_cluster_condition{${CLUSTERS},type="${type}",status="${status}"${more}}) or vector(0)`;
const quantile = (q: number, histogram: string, by: string): string =>
  `histogram_quantile(${q}, sum by (${by}) (rate(${histogram}_bucket[$__rate_interval])))`;

export const operatorDashboard: Dashboard = {
  uid: 'quorate-operator',
  title: 'Quorate / Operator',
  description: 'What the operator of Quorate sees and does.',
  variables: [
    { name: 'namespace', label: 'Namespace', query: 'label_values(quorate_operator_cluster_condition, namespace)' },
    {
      name: 'cluster',
      label: 'Cluster',
      query: 'label_values(quorate_operator_cluster_condition{namespace=~"$namespace"}, name)',
    },
  ],
  rows: [
    {
      title: 'Clusters',
      panels: [
        number('Clusters', 'That the operator knows.', 'sum(quorate_operator_clusters)'),
        number(
          'Not available',
          'Without a quorum, and not by `replicas: 0`.',
          clustersWith('Available', 'False', ',reason!="Hibernating"'),
          { redFrom: 1 },
        ),
        number('Degraded', 'Serving with fewer members than wanted.', clustersWith('Degraded', 'True'), { redFrom: 1 }),
        number(
          'With different keys',
          'Members do not hold the same (alarm CORRUPT): writes are refused.',
          clustersWith('DataConsistent', 'False'),
          { redFrom: 1 },
        ),
        number('Without progress', 'Past their deadline.', clustersWith('Progressing', 'False'), { redFrom: 1 }),
        number('Blocking a drain', 'A node waits for them.', clustersWith('DrainBlocked', 'True'), { redFrom: 1 }),
        number('Operators that act', 'One, but for the seconds of a change.', 'sum(quorate_operator_leader)', {
          redBelow: 1,
          redFrom: 2,
        }),
        graph(
          'Clusters by readiness',
          'none',
          'Status of their condition Ready.',
          query('Ready={{state}}', 'sum by (state) (quorate_operator_clusters)'),
        ),
        graph(
          'Conditions',
          'none',
          'How many clusters have which; Ready, Available and MembersUpToDate should be True, Degraded and DrainBlocked False.',
          query('{{type}}={{status}}', `sum by (type, status) (quorate_operator_cluster_condition{${CLUSTERS}})`),
        ),
        graph(
          'Members',
          'none',
          'Of all clusters.',
          query('{{role}}, ready={{ready}}', 'sum by (role, ready) (quorate_operator_members)'),
        ),
        graph(
          'Certificates',
          's',
          'Time until they end. The operator renews its own long before.',
          query(
            '{{namespace}}/{{name}} {{certificate}}',
            `min by (namespace, name, certificate) (quorate_operator_certificate_expiry_timestamp_seconds{${CLUSTERS}}) - time()`,
          ),
        ),
      ],
    },
    {
      title: 'Acts',
      panels: [
        graph(
          'Acts',
          'none',
          'On members, pods and volumes, in five minutes.',
          query('{{kind}}: {{outcome}}', 'sum by (kind, outcome) (increase(quorate_operator_acts_total[5m]))'),
        ),
        graph(
          'Writes of child objects',
          'none',
          'In five minutes. Stands still once all is as it shall be: otherwise someone else writes against the operator.',
          query('{{verb}} {{kind}}', 'sum by (verb, kind) (increase(quorate_operator_child_writes_total[5m]))'),
        ),
        graph(
          'Writes of status, dropped events',
          'none',
          'In five minutes.',
          query('status', 'sum(increase(quorate_operator_status_writes_total[5m]))'),
          query('events dropped', 'sum(increase(quorate_operator_events_dropped_total[5m]))'),
        ),
      ],
    },
    {
      title: 'Passes',
      panels: [
        graph(
          'Passes',
          'ops',
          'Over RaftClusters, by how they ended.',
          query(
            '{{result}}',
            'sum by (result) (rate(quorate_operator_reconcile_duration_seconds_count[$__rate_interval]))',
          ),
        ),
        graph(
          'Time of a pass',
          's',
          'With its requests to members and the API server.',
          query('p50', quantile(0.5, 'quorate_operator_reconcile_duration_seconds', 'le')),
          query('p99', quantile(0.99, 'quorate_operator_reconcile_duration_seconds', 'le')),
        ),
        graph(
          'Errors',
          'none',
          'Passes that failed and objects that were refused in five minutes, by the code of the error; all are tried again.',
          query('{{error}}', 'sum by (error) (increase(quorate_operator_reconcile_errors_total[5m]))'),
        ),
        graph(
          'Queue',
          'none',
          'RaftClusters that wait for a worker, and that are worked on.',
          query('waiting {{pod}}', 'quorate_operator_queue_depth'),
          query('running {{pod}}', 'quorate_operator_queue_running'),
        ),
        graph(
          'Wait for a worker',
          's',
          'Should be next to nothing; otherwise workers are too few, or held up.',
          query('p99', quantile(0.99, 'quorate_operator_queue_wait_seconds', 'le')),
          query('first in the queue', 'max(quorate_operator_queue_oldest_seconds)'),
        ),
      ],
    },
    {
      title: 'API server',
      panels: [
        graph(
          'Requests',
          'ops',
          'By verb and answer.',
          query(
            '{{verb}} {{code}}',
            'sum by (verb, code) (rate(quorate_operator_kube_requests_total[$__rate_interval]))',
          ),
        ),
        graph(
          'Time of a request (p99)',
          's',
          'Watches aside.',
          query('{{verb}}', quantile(0.99, 'quorate_operator_kube_request_duration_seconds', 'verb, le')),
        ),
        graph(
          'Throttled',
          's',
          'Seconds for which requests were held back, in five minutes.',
          query('{{pod}}', 'increase(quorate_operator_kube_throttled_seconds_total[5m])'),
        ),
        graph(
          'Silence',
          's',
          'Since when the API server has said nothing about a kind. Bookmarks come about once a minute.',
          query('{{kind}}', 'max by (kind) (quorate_operator_cache_contact_age_seconds)'),
        ),
        graph(
          'Lists and watches begun again',
          'none',
          'After a failure, in five minutes.',
          query('{{kind}}', 'sum by (kind) (increase(quorate_operator_cache_failures_total[5m]))'),
        ),
        graph(
          'Lease',
          'none',
          'Who acts; tries to take or renew the lease that failed, in five minutes.',
          query('acts: {{pod}}', 'quorate_operator_leader'),
          query('failed: {{pod}}', 'increase(quorate_operator_lease_failures_total[5m])'),
        ),
      ],
    },
    {
      title: 'Process',
      panels: [
        graph(
          'CPU',
          'none',
          'Cores in use.',
          query('{{pod}}', `rate(process_cpu_seconds_total[$__rate_interval]) ${OPERATORS}`),
        ),
        graph('Memory', 'bytes', 'Resident.', query('{{pod}}', `process_resident_memory_bytes ${OPERATORS}`)),
        graph('Event loop', 's', 'Delay (p99).', query('{{pod}}', `nodejs_eventloop_lag_p99_seconds ${OPERATORS}`)),
      ],
    },
  ],
};
