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

/** Unlike the chart's one, which is for all clusters and lets its reader choose, it is about this cluster alone. */
export function grafanaDashboard(cluster: RaftCluster): GrafanaDashboard {
  const { name } = cluster.metadata;
  return {
    apiVersion: grafanaDashboardKind.apiVersion,
    kind: grafanaDashboardKind.kind,
    metadata: childMeta(cluster, monitor(name)),
    spec: {
      // Every Grafana that the Grafana operator looks after, also in other namespaces, where it usually is.
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
  // Grafana takes 40 characters for a uid, too few for the names.
  return { ...members, uid, title: `Quorate / Members of ${namespace}/${name}`, templating: { list } };
}

/** Hidden, and not to be changed by an address either. */
function constant(name: string, value: string): unknown {
  const current = { text: value, value };
  return { type: 'constant', name, query: value, current, options: [], hide: 2, skipUrlSync: true };
}
