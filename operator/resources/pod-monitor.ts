/** Tells the Prometheus operator which pods to scrape (github.com/prometheus-operator/prometheus-operator). */
import { labels, monitor } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Kind, KubeObject } from '../kube/types.ts';
import { childMeta } from './child-meta.ts';

export type PodMonitor = KubeObject & {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podTargetLabels: readonly string[];
    readonly podMetricsEndpoints: readonly { readonly port: string; readonly path: string }[];
  };
};

export const podMonitorKind: Kind<PodMonitor> = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PodMonitor',
  plural: 'podmonitors',
  namespaced: true,
};

export function podMonitor(cluster: RaftCluster): PodMonitor {
  return {
    apiVersion: podMonitorKind.apiVersion,
    kind: podMonitorKind.kind,
    metadata: childMeta(cluster, monitor(cluster.metadata.name)),
    spec: {
      selector: { matchLabels: { [labels.cluster]: cluster.metadata.name } },
      podTargetLabels: [labels.cluster, labels.set],
      podMetricsEndpoints: [{ port: 'health', path: '/metrics' }],
    },
  };
}
