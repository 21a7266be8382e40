/** Draining any one node succeeds, and the quorum stays. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Kubectl, until } from './kubectl.ts';
import {
  changeSpec,
  conditionOf,
  createCluster,
  isConditionTrue,
  isSettled,
  leaderOf,
  podsOf,
  type RaftClusterUnderTest,
  startTraffic,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';
import { reportGap } from './report.ts';
import { notTraffic } from './traffic.ts';

test('each node is drained in turn', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  await createCluster(cluster, { replicas: 3 });
  const traffic = await startTraffic(cluster);
  for (const node of await nodesOf(cluster)) {
    const beganMs = Date.now();
    await drain(t, cluster.kubectl, node);
    await cluster.kubectl.run(['uncordon', node]);
    await isSettled(cluster);
    reportGap('drain of a node', await traffic.longestGapMs(beganMs));
  }
  assert.equal((await traffic.verify()).failedWrites, 0);
});

test('a node is drained in the middle of a rollout', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  await createCluster(cluster, { replicas: 3, updateStrategy: { minReadySeconds: 1 } });
  const traffic = await startTraffic(cluster);
  const [node] = await nodesOf(cluster);
  await changeSpec(cluster, { config: { logLevel: 'debug' } });
  await untilCluster(cluster, 'the rollout to begin', (object) => object.status.plan?.action !== 'Steady');
  await drain(t, cluster.kubectl, node!);
  await cluster.kubectl.run(['uncordon', node!]);
  await isSettled(cluster, 300_000);
  assert.equal((await traffic.verify()).failedWrites, 0);
});

test('a node is drained while a member is being replaced: it waits, is told why, and goes through', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3 });
  const traffic = await startTraffic(cluster);
  const leader = await leaderOf(cluster);
  const [lost, other] = ['db-0', 'db-1', 'db-2'].filter((name) => name !== leader);
  const node = (await kubectl.get('pod', other!))!.spec.nodeName as string;
  await kubectl.run(['delete', `pvc/data-${lost}`, `pod/${lost}`, '--wait=false']);
  await until(`${lost} to go`, 60_000, async () => {
    const pod = await kubectl.get('pod', lost!);
    return pod === null || !isConditionTrue(pod, 'Ready');
  });
  const blocked = untilCluster(cluster, 'the drain to be reported as blocked', (object) =>
    isConditionTrue(object, 'DrainBlocked'),
  );
  const [found] = await Promise.all([blocked, drain(t, kubectl, node)]);
  assert.match(conditionOf(found, 'DrainBlocked')!.message, new RegExp(`^${other} on ${node} cannot be evicted`));
  await kubectl.run(['uncordon', node]);
  const settled = await isSettled(cluster, 300_000);
  assert.equal(conditionOf(settled, 'DrainBlocked')?.status, 'False');
  assert.equal((await traffic.verify()).failedWrites, 0);
});

test('one voter has no budget that would block a drain, three have one of two', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 1 });
  assert.equal((await kubectl.list('pdb')).length, 0);
  await changeSpec(cluster, { replicas: 3 });
  await isSettled(cluster);
  const budgets = await kubectl.list('pdb');
  assert.deepEqual(
    budgets.map(({ spec }) => spec.minAvailable),
    [2],
  );
  const allowed = await until('the budget to be counted', 30_000, async () => {
    const [pdb] = await kubectl.list('pdb');
    return pdb?.status?.currentHealthy === 3 ? pdb : null;
  });
  assert.equal(allowed.status.disruptionsAllowed, 1);
});

async function drain(t: TestContext, kubectl: Kubectl, node: string): Promise<void> {
  t.after(() => kubectl.run(['uncordon', node]));
  await kubectl.run([
    'drain',
    node,
    '--ignore-daemonsets',
    '--delete-emptydir-data',
    '--timeout=180s',
    // Pods without a controller, of tests that have just ended, may still be there.
    '--force',
    `--pod-selector=${notTraffic},k8s-app!=kube-dns`,
  ]);
}

/** Those with a member. */
async function nodesOf(cluster: RaftClusterUnderTest): Promise<string[]> {
  const pods = await podsOf(cluster);
  return [...new Set(pods.map(({ spec }) => spec.nodeName as string))];
}
