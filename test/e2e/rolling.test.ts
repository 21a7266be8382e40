/** Changes that reach the pods one by one, and changes that must not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import {
  changeSpec,
  conditionOf,
  createCluster,
  isConditionTrue,
  isSettled,
  podsOf,
  startTraffic,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';

test('an image that does not start stops after one pod, and the old one put back heals it', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  await createCluster(cluster, { replicas: 3, updateStrategy: { minReadySeconds: 1 }, progressDeadlineSeconds: 15 });
  const traffic = await startTraffic(cluster);
  const before = new Map((await podsOf(cluster)).map(({ metadata }) => [metadata.name, metadata.uid]));
  await changeSpec(cluster, { image: 'localhost/no-such-image:1' });
  await untilCluster(cluster, 'the rollout to be given up', (object) => {
    const progressing = conditionOf(object, 'Progressing');
    const isGivenUp = progressing?.status === 'False' && progressing.reason.includes('Deadline');
    // A single slow step, too, takes longer than the deadline of this test.
    return isGivenUp && /ImagePull|ErrImage/.test(JSON.stringify(object.status));
  });
  const replaced = (await podsOf(cluster)).filter(({ metadata }) => metadata.uid !== before.get(metadata.name));
  assert.equal(replaced.length, 1, 'more than one pod has the broken image');
  await traffic.goesOn();
  await cluster.kubectl.run([
    'patch',
    'raftcluster',
    'db',
    '--type=json',
    '-p',
    '[{"op":"remove","path":"/spec/image"}]',
  ]);
  await isSettled(cluster);
  assert.equal((await traffic.verify()).failedWrites, 0);
});

test('restartedAt restarts all, paused restarts none', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 1, paused: false });
  const [first] = await podsOf(cluster);
  await changeSpec(cluster, { paused: true, restartedAt: new Date().toISOString() });
  await untilCluster(cluster, 'the pause to be seen', (object) => isConditionTrue(object, 'Paused'));
  assert.equal((await podsOf(cluster))[0]?.metadata.uid, first?.metadata.uid);
  await changeSpec(cluster, { paused: false });
  await until('another pod', 120_000, async () => {
    const pod = await kubectl.get('pod', 'db-0');
    return pod !== null && pod.metadata.uid !== first?.metadata.uid;
  });
  await isSettled(cluster);
});
