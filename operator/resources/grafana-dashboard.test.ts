import assert from 'node:assert/strict';
import { test } from 'node:test';
import members from '../../charts/quorate/files/dashboards/members.json' with { type: 'json' };
import { grafanaDashboard } from './grafana-dashboard.ts';
import { clusterOf } from './testing/specs.ts';

type Variable = { readonly name: string; readonly type: string; readonly query: string };

const cluster = clusterOf();
const { spec } = grafanaDashboard(cluster);
const dashboard = JSON.parse(spec.json) as typeof members;
const variables = dashboard.templating.list as unknown as readonly Variable[];

test('the dashboard of a cluster is about this cluster alone, and lets one choose among its members', () => {
  const fixed = variables.filter(({ type }) => type === 'constant').map(({ name, query }) => [name, query]);
  assert.deepEqual(fixed, [
    ['namespace', 'apps'],
    ['cluster', 'db'],
  ]);
  assert.deepEqual(
    variables.map(({ name }) => name),
    ['datasource', 'namespace', 'cluster', 'member'],
  );
  for (const panel of dashboard.panels) {
    for (const { expr } of panel.targets ?? []) {
      assert.match(expr, /namespace=~"\$namespace",quorate_dev_cluster=~"\$cluster"/, panel.title);
    }
  }
});

test('it has the same panels as the one of the chart, under a name and a uid of its own', () => {
  assert.deepEqual(dashboard.panels, members.panels);
  assert.notEqual(dashboard.uid, members.uid);
  assert.match(dashboard.uid, /^[-_A-Za-z0-9]{1,40}$/);
  assert.equal(dashboard.title, 'Quorate / Members of apps/db');
  const other = grafanaDashboard({ ...cluster, metadata: { ...cluster.metadata, uid: 'other' } });
  assert.notEqual((JSON.parse(other.spec.json) as typeof members).uid, dashboard.uid);
});

test('it reaches every Grafana, whatever its labels and its namespace', () => {
  assert.deepEqual(spec.instanceSelector, {});
  assert.equal(spec.allowCrossNamespaceImport, true);
});
