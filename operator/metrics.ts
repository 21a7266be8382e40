/** Every metric of the operator, with its help, in one place. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type OperatorMetrics = {
  readonly registry: Registry;
  readonly leader: Gauge;
  readonly reconcileSeconds: Histogram<'result'>;
  readonly reconcileErrors: Counter<'error'>;
  readonly queueDepth: Gauge;
  readonly queueRunning: Gauge;
  readonly queueOldestSeconds: Gauge;
  readonly queueWaitSeconds: Histogram;
  readonly acts: Counter<'kind' | 'outcome'>;
  readonly childWrites: Counter<'verb' | 'kind'>;
  readonly statusWrites: Counter;
  readonly clusters: Gauge<'state'>;
  readonly clusterCondition: Gauge<'namespace' | 'name' | 'type' | 'status' | 'reason'>;
  readonly members: Gauge<'role' | 'ready'>;
  readonly certificateExpiry: Gauge<'namespace' | 'name' | 'certificate'>;
  readonly kubeRequests: Counter<'verb' | 'kind' | 'code'>;
  readonly kubeRequestSeconds: Histogram<'verb'>;
  readonly kubeThrottledSeconds: Counter;
  readonly cacheFailures: Counter<'kind'>;
  readonly cacheContactAgeSeconds: Gauge<'kind'>;
  readonly eventsDropped: Counter;
  readonly leaseFailures: Counter;
};

const passSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createOperatorMetrics(): OperatorMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const named = (name: string, help: string) => ({ name: `quorate_operator_${name}`, help, registers });
  return {
    registry,
    leader: new Gauge(named('leader', '1 while this operator is the one that acts.')),
    reconcileSeconds: new Histogram({
      ...named('reconcile_duration_seconds', 'How long one pass over a RaftCluster took.'),
      labelNames: ['result'],
      buckets: passSeconds,
    }),
    reconcileErrors: new Counter({
      ...named(
        'reconcile_errors_total',
        'Passes that failed and objects that were refused, by the code of the error; all are tried again.',
      ),
      labelNames: ['error'],
    }),
    queueDepth: new Gauge(named('queue_depth', 'RaftClusters that wait for a worker.')),
    queueRunning: new Gauge(named('queue_running', 'RaftClusters that are worked on.')),
    queueOldestSeconds: new Gauge(
      named('queue_oldest_seconds', 'For how long the first RaftCluster has waited for a worker.'),
    ),
    queueWaitSeconds: new Histogram({
      ...named('queue_wait_seconds', 'How long a RaftCluster waited for a worker.'),
      buckets: passSeconds,
    }),
    acts: new Counter({
      ...named('acts_total', 'Acts on members, pods and volumes, by kind and outcome.'),
      labelNames: ['kind', 'outcome'],
    }),
    childWrites: new Counter({
      ...named(
        'child_writes_total',
        'Writes of objects that belong to a RaftCluster. Stands still once all is as it shall be.',
      ),
      labelNames: ['verb', 'kind'],
    }),
    statusWrites: new Counter(named('status_writes_total', 'Writes of the status of a RaftCluster.')),
    clusters: new Gauge({
      ...named('clusters', 'RaftClusters, by the status of their condition Ready.'),
      labelNames: ['state'],
    }),
    clusterCondition: new Gauge({
      ...named('cluster_condition', '1 for the present status and reason of each condition of each RaftCluster.'),
      labelNames: ['namespace', 'name', 'type', 'status', 'reason'],
    }),
    members: new Gauge({
      ...named('members', 'Members of all RaftClusters, by role and readiness.'),
      labelNames: ['role', 'ready'],
    }),
    certificateExpiry: new Gauge({
      ...named('certificate_expiry_timestamp_seconds', 'When a certificate that the operator issued ends.'),
      labelNames: ['namespace', 'name', 'certificate'],
    }),
    kubeRequests: new Counter({
      ...named('kube_requests_total', 'Requests to the Kubernetes API.'),
      labelNames: ['verb', 'kind', 'code'],
    }),
    kubeRequestSeconds: new Histogram({
      ...named('kube_request_duration_seconds', 'How long requests to the Kubernetes API took, watches aside.'),
      labelNames: ['verb'],
      buckets: requestSeconds,
    }),
    kubeThrottledSeconds: new Counter(
      named('kube_throttled_seconds_total', 'For how long requests to the Kubernetes API were held back.'),
    ),
    cacheFailures: new Counter({
      ...named('cache_failures_total', 'Lists and watches that failed and were begun again.'),
      labelNames: ['kind'],
    }),
    cacheContactAgeSeconds: new Gauge({
      ...named('cache_contact_age_seconds', 'Since when the API server has said nothing about this kind.'),
      labelNames: ['kind'],
    }),
    eventsDropped: new Counter(named('events_dropped_total', 'Kubernetes events that were not written.')),
    leaseFailures: new Counter(named('lease_failures_total', 'Tries to take or renew the lease that failed.')),
  };
}
