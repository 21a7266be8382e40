/** A new operator brings a new image: clusters without one of their own take it, one at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import { installOperator } from './operator.ts';
import {
  createCluster,
  isConditionTrue,
  isSettled,
  manifest,
  podsOf,
  readCluster,
  startTraffic,
  useNamespace,
} from './raft-cluster.ts';
import { reportGap } from './report.ts';

test('after an upgrade of the operator two clusters roll, one after the other; a third has an image of its own', async (t) => {
  const first = await useNamespace(t);
  if (first === null) return;
  const { image, upgradeImage, context } = first.environment;
  if (upgradeImage === null) {
    t.skip('platform: set QUORATE_E2E_UPGRADE_IMAGE to the same image under another tag');
    return;
  }
  const second = { ...first, name: 'second' };
  const pinned = { ...first, name: 'pinned' };
  await createCluster(first, { replicas: 3, updateStrategy: { minReadySeconds: 1 } });
  await createCluster(second, { replicas: 1, updateStrategy: { minReadySeconds: 1 } });
  await first.kubectl.apply(manifest('pinned', { replicas: 1, image }));
  await isSettled(pinned);
  const traffic = await startTraffic(first);
  const [pinnedPod] = await podsOf(pinned);

  const beganMs = Date.now();
  await installOperator(context, upgradeImage);
  t.after(() => installOperator(context, image));
  await until('both clusters to have the new image', 300_000, async () => {
    // All of one moment.
    const states = (await first.kubectl.list('raftclusters')).filter(({ metadata }) => metadata.name !== 'pinned');
    const rolling = states.filter(
      (object) =>
        object.status.image === upgradeImage &&
        !(isConditionTrue(object, 'MembersUpToDate') && isConditionTrue(object, 'Ready')),
    );
    assert.ok(rolling.length <= 1, 'a cluster takes the new image before the one that has it is well again');
    return states.every(({ status }) => status.image === upgradeImage && status.plan?.action === 'Steady');
  });
  reportGap('upgrade by a new operator', await traffic.longestGap(beganMs));
  for (const cluster of [first, second]) {
    await isSettled(cluster);
    for (const { spec } of await podsOf(cluster)) assert.equal(spec.containers[0].image, upgradeImage);
  }
  assert.equal((await readCluster(pinned)).status.image, image);
  assert.equal((await podsOf(pinned))[0]?.spec.containers[0].image, pinnedPod?.spec.containers[0].image);
  assert.equal((await traffic.verify()).failedWrites, 0);
});
