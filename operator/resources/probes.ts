/**
 * The probes that decide when the kubelet restarts a member and when Services send clients to it. All of them ask the
 * health port: it is plain HTTP in every TLS mode and answers as soon as the process runs.
 */
import type { Pod } from '../kube/kinds.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];
type Probes = Pick<Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe' | 'lifecycle'>;

const livez = { path: '/livez', port: 'health' };

/** @param prestopKey the value of the member's flag `--prestop-key` */
export const probes = (prestopKey: string): Probes => ({
  // Waits about 5 minutes for the port to open, which can be slow on an overloaded node. The port already answers while
  // the member replays its log or installs a snapshot, so a long replay never fails this probe.
  startupProbe: { httpGet: livez, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 300 },
  // Checks only that the event loop runs. A check for a quorum would restart every member during a network partition.
  livenessProbe: { httpGet: livez, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  readinessProbe: {
    httpGet: { path: '/readyz', port: 'health' },
    periodSeconds: 2,
    timeoutSeconds: 3,
    failureThreshold: 2,
  },
  // Delays the stop, up to --prestop-timeout, while the quorum depends on this member. SIGTERM hands over leadership.
  lifecycle: { preStop: { httpGet: { path: `/prestop/${prestopKey}`, port: 'health' } } },
});
