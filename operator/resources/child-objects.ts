/**
 * All objects that the operator applies for a RaftCluster. Pods, PersistentVolumeClaims and Secrets are made elsewhere.
 */
import type { RaftCluster } from '../api/types.ts';
import type { Shape } from '../decide/types.ts';
import {
  endpointSliceKind,
  podDisruptionBudgetKind,
  type Service,
  serviceKind,
  statefulSetKind,
} from '../kube/kinds.ts';
import type { Kind, KubeObject } from '../kube/types.ts';
import { grafanaDashboard, grafanaDashboardKind } from './grafana-dashboard.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { podMonitor, podMonitorKind } from './pod-monitor.ts';
import { prometheusRule, prometheusRuleKind } from './prometheus-rule.ts';
import { clientService, leaderEndpoints, leaderService, peerService, readService } from './services.ts';
import { statefulSet } from './stateful-set.ts';
import type { ChildObject, ResourceContext } from './types.ts';

/**
 * Every object that should exist, in the order in which to apply them: what the pods need comes before the
 * StatefulSets. An object of `prunedKinds` that the cluster owns and that is not in this list should be deleted.
 *
 * Each StatefulSet keeps the `replicas` of the live one. Apply it with the resourceVersion that `context` was read at;
 * otherwise an apply that arrives late reverts a `ScaleSet` act.
 */
export function childObjects(cluster: RaftCluster, shape: Shape, context: ResourceContext): readonly ChildObject[] {
  const budget = podDisruptionBudget(cluster, shape);
  const hasReaders = cluster.spec.readReplicas > 0 || shape.setReplicas.Readers > 0 || context.sets.Readers !== null;
  return [
    ...services(cluster).map((object) => ({ kind: serviceKind, object })),
    ...(cluster.spec.services.leader.enabled
      ? [{ kind: endpointSliceKind, object: leaderEndpoints(cluster, context.leader) }]
      : []),
    ...(budget === null ? [] : [{ kind: podDisruptionBudgetKind, object: budget }]),
    ...(wants(cluster.spec.monitoring.podMonitor) && context.hasPodMonitors
      ? [{ kind: podMonitorKind, object: podMonitor(cluster) }]
      : []),
    ...(wantsAlerts(cluster, context) && context.hasPrometheusRules
      ? [{ kind: prometheusRuleKind, object: prometheusRule(cluster) }]
      : []),
    ...(wants(cluster.spec.monitoring.dashboards) && context.hasGrafanaDashboards
      ? [{ kind: grafanaDashboardKind, object: grafanaDashboard(cluster) }]
      : []),
    { kind: statefulSetKind, object: statefulSet(cluster, shape, 'Voters', context) },
    ...(hasReaders ? [{ kind: statefulSetKind, object: statefulSet(cluster, shape, 'Readers', context) }] : []),
  ];
}

/**
 * Owned objects of these kinds are deleted once `childObjects` no longer lists them. StatefulSets are left out on
 * purpose: deleting one would delete all of its pods.
 */
export const prunedKinds: readonly Kind<KubeObject>[] = [
  serviceKind,
  endpointSliceKind,
  podDisruptionBudgetKind,
  podMonitorKind,
  prometheusRuleKind,
  grafanaDashboardKind,
];

function services(cluster: RaftCluster): readonly Service[] {
  const { leader, readOnly } = cluster.spec.services;
  return [
    peerService(cluster),
    clientService(cluster),
    ...(leader.enabled ? [leaderService(cluster)] : []),
    ...(readOnly.enabled ? [readService(cluster)] : []),
  ];
}

function wantsAlerts({ spec }: RaftCluster, { chartBringsAlerts }: ResourceContext): boolean {
  const { prometheusRule } = spec.monitoring;
  return chartBringsAlerts ? prometheusRule === 'Enabled' : wants(prometheusRule);
}

function wants(mode: 'Auto' | 'Enabled' | 'Disabled'): boolean {
  return mode !== 'Disabled';
}
