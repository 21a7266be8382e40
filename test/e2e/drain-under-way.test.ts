/**
 * Drains that meet something else that is under way. Only the pods of the test's own RaftCluster leave, so that other tests
 * can run beside it.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { drain } from './drain.ts';
import { until } from './kubectl.ts';
import {
  changeSpec,
  conditionOf,
  createCluster,
  isConditionTrue,
  isSettled,
  leaderOf,
  type RaftClusterUnderTest,
  startTraffic,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';

/** Of a name that no other test uses. */
async function useDrained(t: TestContext): Promise<RaftClusterUnderTest | null> {
  const cluster = await useNamespace(t);
  return cluster === null ? null : { ...cluster, name: 'drained' };
}

const onlyDrained = 'quorate.dev/cluster=drained';

test('a node is drained in the middle of a rollout', async (t) => {
  const cluster = await useDrained(t);
  if (cluster === null) return;
  await createCluster(cluster, { replicas: 3, updateStrategy: { minReadySeconds: 1 } });
  const traffic = await startTraffic(cluster);
  const node = (await cluster.kubectl.get('pod', 'drained-0'))!.spec.nodeName as string;
  await changeSpec(cluster, { config: { logLevel: 'debug' } });
  await untilCluster(cluster, 'the rollout to begin', (object) => object.status.plan?.action !== 'Steady');
  await drain(t, cluster.kubectl, node, onlyDrained);
  await cluster.kubectl.run(['uncordon', node]);
  await isSettled(cluster, 300_000);
  assert.equal((await traffic.verify()).failedWrites, 0);
});

test('a node is drained while a member is being replaced: it waits, is told why, and goes through', async (t) => {
  const cluster = await useDrained(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3 });
  const traffic = await startTraffic(cluster);
  const leader = await leaderOf(cluster);
  const [lost, other] = ['drained-0', 'drained-1', 'drained-2'].filter((name) => name !== leader);
  const node = (await kubectl.get('pod', other!))!.spec.nodeName as string;
  await kubectl.run(['delete', `pvc/data-${lost}`, `pod/${lost}`, '--wait=false']);
  await until(`${lost} to go`, 60_000, async () => {
    const pod = await kubectl.get('pod', lost!);
    return pod === null || !isConditionTrue(pod, 'Ready');
  });
  const blocked = untilCluster(cluster, 'the drain to be reported as blocked', (object) =>
    isConditionTrue(object, 'DrainBlocked'),
  );
  const [found] = await Promise.all([blocked, drain(t, kubectl, node, onlyDrained)]);
  assert.match(conditionOf(found, 'DrainBlocked')!.message, new RegExp(`^${other} on ${node} cannot be evicted`));
  await kubectl.run(['uncordon', node]);
  const settled = await isSettled(cluster, 300_000);
  assert.equal(conditionOf(settled, 'DrainBlocked')?.status, 'False');
  assert.equal((await traffic.verify()).failedWrites, 0);
});

test('one voter has no budget that would block a drain, three have one of two', async (t) => {
  const cluster = await useDrained(t);
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
