/** The alerts of one cluster, for the Prometheus operator. */
import { memberAlerts } from '../../monitoring/alerts/member-alerts.ts';
import { type RuleGroup, ruleGroup } from '../../monitoring/alerts/types.ts';
import { CLUSTER_LABEL } from '../../monitoring/labels.ts';
import { monitor } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Kind, KubeObject } from '../kube/types.ts';
import { childMeta } from './child-meta.ts';

export type PrometheusRule = KubeObject & { readonly spec: { readonly groups: readonly RuleGroup[] } };

export const prometheusRuleKind: Kind<PrometheusRule> = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  plural: 'prometheusrules',
  namespaced: true,
};

export function prometheusRule(cluster: RaftCluster): PrometheusRule {
  const { name, namespace } = cluster.metadata;
  const matchers = `namespace="${namespace}",${CLUSTER_LABEL}="${name}"`;
  return {
    apiVersion: prometheusRuleKind.apiVersion,
    kind: prometheusRuleKind.kind,
    metadata: childMeta(cluster, monitor(name)),
    spec: { groups: memberAlerts.map((alert) => ruleGroup(alert, matchers)) },
  };
}
