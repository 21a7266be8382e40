/** Two operators: one acts; killed at any point, the next goes on; one that was paused and comes back acts no more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEnvironment } from './environment.ts';
import { type Kubectl, until } from './kubectl.ts';
import { actingOperator, operatorNamespace } from './operator.ts';
import {
  changeSpec,
  createCluster,
  isConditionTrue,
  isSettled,
  manifest,
  memberStatus,
  type RaftClusterUnderTest,
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

test('an acting operator that is paused and comes back when another acts ends itself and changes nothing', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  // The signal comes from a container beside it.
  await changeOperatorPods(kubectl, { shareProcessNamespace: true });
  t.after(() => changeOperatorPods(kubectl, { shareProcessNamespace: null }));
  await createCluster(cluster, { replicas: 1 });
  const traffic = await startTraffic(cluster, { members: 3 });
  const first = await actingOperator(kubectl);
  await changeSpec(cluster, { replicas: 3 });
  await until('the second pod', 60_000, () => kubectl.get('pod', 'db-1'));
  await signalOperator(kubectl, first, 'SIGSTOP');
  await until('another operator to act', 60_000, async () => (await actingOperator(kubectl)) !== first);
  await isSettled(cluster);

  const before = await whatActsChange(cluster);
  await signalOperator(kubectl, first, 'SIGCONT');
  await until('the paused operator to end', 60_000, async () => {
    const pod = JSON.parse(await kubectl.run(['get', 'pod', first, '--namespace', operatorNamespace, '-o', 'json']));
    return pod.status.containerStatuses[0].restartCount > 0;
  });
  await isSettled(cluster);
  assert.deepEqual(await whatActsChange(cluster), before);
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

/** Resolves when all of its pods are as they shall be. */
async function changeOperatorPods(kubectl: Kubectl, spec: object): Promise<void> {
  const deployment = ['deployment/quorate-operator', '--namespace', operatorNamespace];
  await kubectl.run(['patch', ...deployment, '-p', JSON.stringify({ spec: { template: { spec } } })]);
  await kubectl.run(['rollout', 'status', ...deployment, '--timeout=120s']);
}

/** To the operator in this pod, from a container beside it. */
async function signalOperator(kubectl: Kubectl, pod: string, signal: NodeJS.Signals): Promise<void> {
  const container = signal.toLowerCase();
  const script = `
    const { readdirSync, readFileSync } = require('node:fs');
    const isOperator = (pid) => /^[^\\0]*node\\0.*main\\.js\\0operator/.test(readFileSync('/proc/' + pid + '/cmdline', 'latin1'));
    const pid = readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).find(isOperator);
    // One that was stopped for long may have been ended by its probe.
    if (pid !== undefined || '${signal}' !== 'SIGCONT') process.kill(Number(pid), '${signal}');`;
  const { image } = readEnvironment()!;
  const where = [pod, '--namespace', operatorNamespace];
  const how = [
    `--image=${image}`,
    '--image-pull-policy=IfNotPresent',
    '--profile=restricted',
    `--container=${container}`,
  ];
  await kubectl.run(['debug', ...where, ...how, '--', 'node', '-e', script]);
  await until(`${signal} in ${pod}`, 60_000, async () => {
    const { status } = JSON.parse(await kubectl.run(['get', 'pod', ...where, '-o', 'json']));
    const states: { name: string; state: { terminated?: { exitCode: number } } }[] =
      status.ephemeralContainerStatuses ?? [];
    const ended = states.find(({ name }) => name === container)?.state.terminated;
    if (ended !== undefined) assert.equal(ended.exitCode, 0);
    return ended !== undefined;
  });
}

/** Membership, pods, volumes and sizes: what no second operator may have touched. */
async function whatActsChange(cluster: RaftClusterUnderTest): Promise<object> {
  const uidsOf = async (kind: string): Promise<string[]> =>
    (await cluster.kubectl.list(kind)).map(({ metadata }) => metadata.uid);
  const sets = await cluster.kubectl.list('statefulsets');
  return {
    configIndex: (await memberStatus(cluster, `${cluster.name}-0`)).config_index,
    pods: await uidsOf('pods'),
    volumes: await uidsOf('persistentvolumeclaims'),
    generations: sets.map(({ metadata }) => metadata.generation),
  };
}
