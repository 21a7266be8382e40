/**
 * When the kubelet restarts a member, and when it sends clients there. All ask the health port: it is plain HTTP whatever
 * the TLS mode, and answers from the first moment on.
 */
import type { Pod } from '../kube/kinds.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];
type Probes = Pick<Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe' | 'lifecycle'>;

const livez = { path: '/livez', port: 'health' };

/** @param prestopKey as the member was started with */
export const probes = (prestopKey: string): Probes => ({
  // The port answers while the log is read and a snapshot installed, so that a long replay is never cut short, and this
  // waits for the port alone, on a node that is very busy.
  startupProbe: { httpGet: livez, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 300 },
  // Asks whether the event loop turns, never for a quorum: that would make a cut network a restart of everything.
  livenessProbe: { httpGet: livez, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  readinessProbe: {
    httpGet: { path: '/readyz', port: 'health' },
    periodSeconds: 2,
    timeoutSeconds: 3,
    failureThreshold: 2,
  },
  // Waits, bounded, while the cluster needs this member for its quorum. SIGTERM hands over leadership.
  lifecycle: { preStop: { httpGet: { path: `/prestop/${prestopKey}`, port: 'health' } } },
});
