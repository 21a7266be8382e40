import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { labels, podHost } from '../api/names.ts';
import type { EndpointSlice, PodDisruptionBudget, Service, StatefulSet } from '../kube/kinds.ts';
import type { KubeObject } from '../kube/types.ts';
import { childObjects, prunedKinds } from './child-objects.ts';
import { grafanaDashboardKind } from './grafana-dashboard.ts';
import { anySpec, clusterOf, nothingLive, shape } from './testing/specs.ts';
import type { ChildObject } from './types.ts';

function named<T extends KubeObject>(children: readonly ChildObject[], kind: string, name: string): T | null {
  const found = children.find(({ object }) => object.kind === kind && object.metadata?.name === name);
  return (found?.object as T | undefined) ?? null;
}

function summary(children: readonly ChildObject[]): string[] {
  return children.map(({ kind, object }) => `${kind.kind} ${object.metadata?.name}`);
}

test('the objects of a cluster of six lines, in the order in which they are applied', () => {
  assert.deepEqual(summary(childObjects(clusterOf(), shape, nothingLive)), [
    'Service db-peers',
    'Service db',
    'Service db-leader',
    'EndpointSlice db-leader-ipv4',
    'PodDisruptionBudget db',
    'PodMonitor db',
    'PrometheusRule db',
    'GrafanaDashboard db',
    'StatefulSet db',
  ]);
});

test('the objects of a cluster of six lines, word for word', (t) => {
  // Update the snapshot (node --test-update-snapshots) only for an intended change: a changed pod template restarts
  // every member of every cluster when the operator is upgraded.
  const objects = childObjects(clusterOf(), shape, nothingLive)
    .filter(({ kind }) => kind !== grafanaDashboardKind)
    .map(({ object }) => object);
  t.assert.snapshot(objects, {
    serializers: [(value) => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })],
  });
});

test('every optional object has its switch', () => {
  const all = clusterOf({ readReplicas: 1, services: { readOnly: { enabled: true } } });
  const more = summary(childObjects(all, shape, nothingLive));
  assert.ok(more.includes('Service db-read') && more.includes('StatefulSet db-read'));
  const none = clusterOf({
    services: { leader: { enabled: false } },
    monitoring: { podMonitor: 'Disabled', prometheusRule: 'Disabled', dashboards: 'Disabled' },
  });
  assert.deepEqual(summary(childObjects(none, { ...shape, minAvailable: null }, nothingLive)), [
    'Service db-peers',
    'Service db',
    'StatefulSet db',
  ]);
  const withoutKinds = {
    ...nothingLive,
    hasPodMonitors: false,
    hasPrometheusRules: false,
    hasGrafanaDashboards: false,
  };
  assert.doesNotMatch(
    summary(childObjects(clusterOf(), shape, withoutKinds)).join(),
    /PodMonitor|PrometheusRule|GrafanaDashboard/,
  );
});

test('alerts are not told twice: where the chart brings them, a cluster brings its own only when told to', () => {
  const context = { ...nothingLive, chartBringsAlerts: true };
  const alertsOf = (prometheusRule: 'Auto' | 'Enabled' | 'Disabled'): boolean =>
    summary(childObjects(clusterOf({ monitoring: { prometheusRule } }), shape, context)).includes('PrometheusRule db');
  assert.deepEqual([alertsOf('Auto'), alertsOf('Enabled'), alertsOf('Disabled')], [false, true, false]);
});

test('whatever the spec, each object is owned, labelled, named once and of its kind', () => {
  fc.assert(
    fc.property(anySpec, fc.boolean(), (spec, hasFormed) => {
      const cluster = { ...clusterOf({}, { hasFormed }), spec };
      const children = childObjects(cluster, shape, nothingLive);
      assert.equal(new Set(summary(children)).size, children.length);
      for (const { kind, object } of children) {
        assert.equal(object.kind, kind.kind);
        assert.equal(object.apiVersion, kind.apiVersion);
        assert.equal(object.metadata?.namespace, 'apps');
        assert.equal(object.metadata?.labels?.[labels.cluster], 'db');
        assert.equal(object.metadata?.ownerReferences?.[0]?.uid, cluster.metadata.uid);
        assert.deepEqual(JSON.parse(JSON.stringify(object)), object, 'it is plain JSON, with nothing undefined');
      }
    }),
  );
});

test('StatefulSets are never pruned', () => {
  assert.ok(!prunedKinds.some(({ kind }) => kind === 'StatefulSet'));
});

test('the peers find each other before they are ready, by the names that the operator uses', () => {
  const service = named<Service>(childObjects(clusterOf(), shape, nothingLive), 'Service', 'db-peers');
  assert.equal(service?.spec?.publishNotReadyAddresses, true);
  assert.equal(service?.spec?.clusterIP, 'None');
  assert.equal(podHost('db', 'apps', 'db-0'), `db-0.${service?.metadata?.name}.apps.svc`);
});

test('the Service of the leader leads to the leader alone, and to nobody while there is none', () => {
  const children = childObjects(clusterOf(), shape, nothingLive);
  assert.equal(named<Service>(children, 'Service', 'db-leader')?.spec?.selector, undefined);
  const nobody = named<EndpointSlice>(children, 'EndpointSlice', 'db-leader-ipv4');
  assert.deepEqual(nobody?.endpoints, []);
  const leader = { podName: 'db-1', podUid: 'u1', ip: '10.0.0.7', nodeName: 'n2' };
  const led = named<EndpointSlice>(
    childObjects(clusterOf(), shape, { ...nothingLive, leader }),
    'EndpointSlice',
    'db-leader-ipv4',
  );
  assert.deepEqual(led?.endpoints?.[0]?.addresses, ['10.0.0.7']);
  assert.equal(led?.endpoints?.[0]?.targetRef?.name, 'db-1');
  assert.equal(led?.metadata?.labels?.['kubernetes.io/service-name'], 'db-leader');
  const six = childObjects(clusterOf(), shape, { ...nothingLive, leader: { ...leader, ip: 'fd00::7' } });
  assert.equal(named<EndpointSlice>(six, 'EndpointSlice', 'db-leader-ipv6')?.addressType, 'IPv6');
});

test('the budget is an integer of pods that vote', () => {
  for (const minAvailable of [2, 3, 5]) {
    const budget = named<PodDisruptionBudget>(
      childObjects(clusterOf(), { ...shape, minAvailable }, nothingLive),
      'PodDisruptionBudget',
      'db',
    );
    assert.equal(budget?.spec?.minAvailable, minAvailable);
    assert.equal(budget?.spec?.maxUnavailable, undefined);
    assert.deepEqual(budget?.spec?.selector?.matchLabels, { [labels.cluster]: 'db', [labels.role]: 'voter' });
  }
});

test('a StatefulSet that is there keeps its size and its claims', () => {
  const live = { replicas: 1, start: 2, claimSize: '500Mi' };
  const children = childObjects(clusterOf({ storage: { size: '2Gi' } }), shape, {
    ...nothingLive,
    sets: { Voters: live, Readers: null },
  });
  const { spec } = named<StatefulSet>(children, 'StatefulSet', 'db')!;
  assert.equal(spec?.replicas, 1);
  assert.deepEqual(spec?.ordinals, { start: 2 });
  assert.equal(spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests?.['storage'], '500Mi');
});

test('a StatefulSet of read replicas stays when none are wanted any more', () => {
  const sets = { Voters: null, Readers: { replicas: 1, start: 0, claimSize: '1Gi' } };
  assert.ok(summary(childObjects(clusterOf(), shape, { ...nothingLive, sets })).includes('StatefulSet db-read'));
});

test('nothing but the operator restarts a pod, and nobody but it deletes a volume', () => {
  const { spec } = named<StatefulSet>(childObjects(clusterOf(), shape, nothingLive), 'StatefulSet', 'db')!;
  assert.equal(spec?.updateStrategy?.type, 'OnDelete');
  assert.equal(spec?.podManagementPolicy, 'Parallel');
  assert.deepEqual(spec?.persistentVolumeClaimRetentionPolicy, { whenDeleted: 'Retain', whenScaled: 'Retain' });
});
