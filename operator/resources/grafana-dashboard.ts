/** The dashboard of one cluster's members, for the Grafana operator (github.com/grafana/grafana-operator). */
import members from '../../charts/quorate/files/dashboards/members.json' with { type: 'json' };
import { monitor } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Kind, KubeObject } from '../kube/types.ts';
import { childMeta } from './child-meta.ts';

export type GrafanaDashboard = KubeObject & {
  readonly spec: {
    readonly instanceSelector: Readonly<Record<string, never>>;
    readonly allowCrossNamespaceImport: boolean;
    readonly json: string;
  };
};

export const grafanaDashboardKind: Kind<GrafanaDashboard> = {
  apiVersion: 'grafana.integreatly.org/v1beta1',
  kind: 'GrafanaDashboard',
  plural: 'grafanadashboards',
  namespaced: true,
};

/** Shows one cluster, whereas the dashboard in the Helm chart shows any cluster that its reader selects. */
export function grafanaDashboard(cluster: RaftCluster): GrafanaDashboard {
  const { name } = cluster.metadata;
  return {
    apiVersion: grafanaDashboardKind.apiVersion,
    kind: grafanaDashboardKind.kind,
    metadata: childMeta(cluster, monitor(name)),
    spec: {
      // Matches every Grafana instance, in all namespaces: Grafana rarely runs in the namespace of the RaftCluster.
      instanceSelector: {},
      allowCrossNamespaceImport: true,
      json: JSON.stringify(dashboardOf(cluster)),
    },
  };
}

function dashboardOf({ metadata: { name, namespace, uid } }: RaftCluster): unknown {
  const preset: Readonly<Record<string, string>> = { namespace, cluster: name };
  const list = members.templating.list.map((variable) => {
    const value = preset[variable.name];
    return value === undefined ? variable : constant(variable.name, value);
  });
  // The Kubernetes uid, because Grafana limits a uid to 40 characters: namespace and name together can be longer.
  return { ...members, uid, title: `Quorate / Members of ${namespace}/${name}`, templating: { list } };
}

/**
 * A dashboard variable with a fixed value: `hide: 2` hides it, `skipUrlSync` ignores a value in the dashboard's URL.
 */
function constant(name: string, value: string): unknown {
  const current = { text: value, value };
  return { type: 'constant', name, query: value, current, options: [], hide: 2, skipUrlSync: true };
}
