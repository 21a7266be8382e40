/** Two operators: one acts; killed at any point, the next goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import { actingOperator, operatorNamespace } from './operator.ts';
import {
  changeSpec,
  createCluster,
  isConditionTrue,
  isSettled,
  manifest,
  memberStatus,
  readCluster,
  startTraffic,
  useNamespace,
} from './raft-cluster.ts';
import { report } from './report.ts';

test('the operator is killed again and again while it forms: one cluster id, three members', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl, name } = cluster;
  await kubectl.apply(manifest(name, { replicas: 3 }));
  const seen = new Set<string>();
  await until('a formed cluster', 180_000, async () => {
    const object = await readCluster(cluster);
    for (const id of [object.status?.clusterID, object.status?.founding?.cluster_id])
      if (id !== undefined) seen.add(id);
    if (isConditionTrue(object, 'Ready')) return true;
    const pods = await kubectl.run(['get', 'pods', '--namespace', operatorNamespace, '-o', 'name']);
    await kubectl.run([
      'delete',
      '--namespace',
      operatorNamespace,
      '--force',
      '--grace-period=0',
      '--wait=false',
      ...pods.trim().split('\n'),
    ]);
    // Killed before it has done anything at all, it would never come to the calls between which it shall be killed.
    await actingOperator(kubectl).catch(() => null);
    return null;
  });
  await isSettled(cluster);
  const ids = await Promise.all(
    [0, 1, 2].map(async (ordinal) => (await memberStatus(cluster, `${name}-${ordinal}`)).cluster_id),
  );
  assert.deepEqual(new Set(ids), seen);
  assert.equal(seen.size, 1);
});

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
