/** Two operators: one acts; killed, the next goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import { actingOperator, operatorNamespace } from './operator.ts';
import { changeSpec, createCluster, isSettled, startTraffic, useNamespace } from './raft-cluster.ts';
import { report } from './report.ts';

test('the acting operator is killed in the middle of growing', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 1 });
  const traffic = await startTraffic(cluster, { members: 3 });
  const first = await actingOperator(kubectl);
  await changeSpec(cluster, { replicas: 3 });
  await until('the second pod', 60_000, () => kubectl.get('pod', 'db-1'));
  const beganMs = Date.now();
  await kubectl.run(['delete', 'pod', first, '--namespace', operatorNamespace, '--force', '--grace-period=0']);
  const second = await until('another operator to act', 60_000, async () => {
    const name = await actingOperator(kubectl);
    return name !== first ? name : null;
  });
  report('the acting operator killed, another acts', `${((Date.now() - beganMs) / 1000).toFixed(0)} s`);
  assert.notEqual(second, first);
  await isSettled(cluster);
  await traffic.verify();
});

test('an operator serves its metrics and says who leads', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 1 });
  const name = await actingOperator(kubectl);
  const metrics = await kubectl.run([
    'get',
    '--raw',
    `/api/v1/namespaces/${operatorNamespace}/pods/${name}:8080/proxy/metrics`,
  ]);
  assert.match(metrics, /^quorate_operator_leader(\{[^}]*\})? 1$/m);
  assert.match(metrics, /^quorate_operator_reconcile_duration_seconds_count/m);
  for (const probe of ['livez', 'readyz']) {
    await kubectl.run(['get', '--raw', `/api/v1/namespaces/${operatorNamespace}/pods/${name}:8080/proxy/${probe}`]);
  }
});
