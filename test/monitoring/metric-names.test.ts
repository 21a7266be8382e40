/** No panel and no alert asks for a metric, or a label of it, that nobody has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Registry } from 'prom-client';
import { memberAlerts } from '../../monitoring/alerts/member-alerts.ts';
import { operatorAlerts } from '../../monitoring/alerts/operator-alerts.ts';
import { createMetrics } from '../../node/metrics/metrics.ts';
import { createOperatorMetrics } from '../../operator/metrics.ts';
import { panelQueries } from './panel-queries.ts';

/** Which Prometheus adds when it scrapes. */
const targetLabels = ['namespace', 'pod', 'quorate_dev_cluster', 'instance', 'job'];
const queriesOf = (dashboard: 'members' | 'operator'): string[] =>
  panelQueries(dashboard, '1m').map(({ expr }) => expr);

test('members have what is asked of them', () => {
  const queries = [...memberAlerts.map(({ expr }) => expr('')), ...queriesOf('members')];
  assertKnown(createMetrics().registry, queries, ['up']);
});

test('operators have what is asked of them', () => {
  const queries = [...operatorAlerts.map(({ expr }) => expr('')), ...queriesOf('operator')];
  assertKnown(createOperatorMetrics().registry, queries, []);
});

function assertKnown(registry: Registry, queries: readonly string[], others: readonly string[]): void {
  let count = 0;
  for (const expr of queries) {
    const metrics = /\b((?:quorate|process|nodejs)_(?!dev_cluster)\w+|up\b)(?:\{([^}]*)\})?/g;
    for (const [, name, matchers = ''] of expr.matchAll(metrics)) {
      count++;
      if (others.includes(name!)) continue;
      const metric = registry.getSingleMetric(name!.replace(/_(?:bucket|sum|count)$/, ''));
      assert.ok(metric, `${name} in ${expr}`);
      const { labelNames } = metric as unknown as { labelNames: readonly string[] };
      for (const [, label] of matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)) {
        assert.ok([...labelNames, ...targetLabels].includes(label!), `${label} of ${name} in ${expr}`);
      }
    }
  }
  assert.ok(count >= queries.length, `${count} metrics in ${queries.length} queries`);
}
