/** The caches of everything that the operator reads, and which RaftCluster a change concerns. */
import { labels } from './api/names.ts';
import { type CacheObserver, startCache } from './kube/cache.ts';
import { isKubeError } from './kube/errors.ts';
import {
  type EndpointSlice,
  endpointSliceKind,
  namespaceKind,
  nodeKind,
  persistentVolumeClaimKind,
  podDisruptionBudgetKind,
  podKind,
  type Secret,
  type Service,
  secretKind,
  serviceKind,
  statefulSetKind,
  storageClassKind,
} from './kube/kinds.ts';
import type { Cache, Change, Clock, Kind, KubeApi, KubeObject, Random, Scope } from './kube/types.ts';
import { raftClusterKind } from './observe/cluster-kind.ts';
import type { Caches } from './observe/source.ts';
import { grafanaDashboardKind } from './resources/grafana-dashboard.ts';
import { podMonitorKind } from './resources/pod-monitor.ts';
import { prometheusRuleKind } from './resources/prometheus-rule.ts';
import { slimApi, slimNode, slimPod } from './slim-api.ts';

export type OperatorCaches = Caches & {
  readonly secrets: Cache<Secret>;
  readonly services: Cache<Service>;
  readonly endpointSlices: Cache<EndpointSlice>;
  /** Null where the API server does not have the kind. */
  readonly podMonitors: Cache<KubeObject> | null;
  readonly prometheusRules: Cache<KubeObject> | null;
  readonly grafanaDashboards: Cache<KubeObject> | null;
  readonly all: readonly Cache<KubeObject>[];
};

export type CacheParts = {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  /** The one namespace that is read; null when all are. */
  readonly namespace: string | null;
  readonly observer: CacheObserver;
};

/** @throws KubeError when the API server cannot say what may be read */
export async function startCaches({ api, clock, random, namespace, observer }: CacheParts): Promise<OperatorCaches> {
  const scope: Scope = namespace === null ? {} : { namespace };
  const ours: Scope = { ...scope, labelSelector: labels.cluster };
  const all: Cache<KubeObject>[] = [];
  const start = <T extends KubeObject>(kind: Kind<T>, where: Scope, over: KubeApi = api): Cache<T> => {
    const cache = startCache({ api: over, clock, random, kind, scope: where, observer });
    all.push(cache as unknown as Cache<KubeObject>);
    return cache;
  };
  const [mayReadNodes, mayReadClasses, mayReadNamespaces, hasPodMonitors, hasPrometheusRules, hasDashboards] =
    await Promise.all([
      mayList(api, nodeKind),
      mayList(api, storageClassKind),
      mayList(api, namespaceKind),
      mayList(api, podMonitorKind, scope),
      mayList(api, prometheusRuleKind, scope),
      mayList(api, grafanaDashboardKind, scope),
    ]);
  return {
    clusters: start(raftClusterKind, scope),
    statefulSets: start(statefulSetKind, ours),
    pods: start(podKind, ours, slimApi(api, slimPod)),
    claims: start(persistentVolumeClaimKind, ours),
    budgets: start(podDisruptionBudgetKind, ours),
    secrets: start(secretKind, ours),
    services: start(serviceKind, ours),
    endpointSlices: start(endpointSliceKind, ours),
    podMonitors: hasPodMonitors ? start(podMonitorKind, ours) : null,
    prometheusRules: hasPrometheusRules ? start(prometheusRuleKind, ours) : null,
    grafanaDashboards: hasDashboards ? start(grafanaDashboardKind, ours) : null,
    nodes: mayReadNodes ? start(nodeKind, {}, slimApi(api, slimNode)) : null,
    storageClasses: mayReadClasses ? start(storageClassKind, {}) : null,
    namespaces: mayReadNamespaces ? start(namespaceKind, {}) : null,
    all,
  };
}

/** Calls with the key of each RaftCluster that a change concerns; keys are `NAMESPACE/NAME`. */
export function onClusterChange(caches: OperatorCaches, changed: (key: string) => void): void {
  caches.clusters.onChange(({ namespace, name }) => changed(`${namespace}/${name}`));
  const owned = [
    caches.statefulSets,
    caches.pods,
    caches.claims,
    caches.budgets,
    caches.secrets,
    caches.services,
    caches.endpointSlices,
    ...(caches.podMonitors === null ? [] : [caches.podMonitors]),
    ...(caches.prometheusRules === null ? [] : [caches.prometheusRules]),
    ...(caches.grafanaDashboards === null ? [] : [caches.grafanaDashboards]),
  ] as unknown as readonly Cache<KubeObject>[];
  for (const cache of owned) {
    cache.onChange((change) => {
      const names = [change.before, change.after].map((object) => object?.metadata.labels?.[labels.cluster]);
      for (const name of new Set(names)) if (name !== undefined) changed(`${change.namespace}/${name}`);
    });
  }
  caches.nodes?.onChange((change) => {
    if (!saysSomethingNew(change)) return;
    for (const { metadata, spec } of caches.pods.list()) {
      if (spec?.nodeName === change.name) changed(`${metadata.namespace}/${metadata.labels?.[labels.cluster]}`);
    }
  });
  caches.namespaces?.onChange((change) => {
    if (change.after?.metadata.deletionTimestamp === undefined) return;
    for (const { metadata } of caches.clusters.list(change.name)) changed(`${metadata.namespace}/${metadata.name}`);
  });
}

/** Kubelets renew their nodes all the time, and a change of metadata alone concerns no cluster. */
function saysSomethingNew({ before, after }: Change<KubeObject>): boolean {
  const said = (object: KubeObject | null) => JSON.stringify({ ...object, metadata: undefined });
  return said(before) !== said(after);
}

async function mayList(api: KubeApi, kind: Kind<KubeObject>, scope: Scope = {}): Promise<boolean> {
  try {
    await api.list(kind, scope, { resourceVersion: '0' });
    return true;
  } catch (error) {
    if (isKubeError(error, 'Forbidden', 'KindNotServed', 'NotFound')) return false;
    throw error;
  }
}
