/** A cluster forms once, whatever is lost or forgotten on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import {
  createCluster,
  isSettled,
  memberStatus,
  podsOf,
  readCluster,
  startTraffic,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';

test('status is lost, then the first founder with its volume: the cluster stays the one it was', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl, name } = cluster;
  await createCluster(cluster, { replicas: 3, healing: { notReadyAfterSeconds: 10 } });
  const traffic = await startTraffic(cluster);
  const before = await readCluster(cluster);
  await kubectl.run([
    'patch',
    'raftcluster',
    name,
    '--subresource=status',
    '--type=json',
    '-p',
    '[{"op":"remove","path":"/status"}]',
  ]);
  const filled = await untilCluster(
    cluster,
    'status to be filled again',
    (object) => object.status?.clusterID !== undefined,
  );
  assert.equal(filled.status.clusterID, before.status.clusterID);
  await isSettled(cluster);

  const lost = (await podsOf(cluster)).find((pod) => pod.metadata.name === `${name}-0`)!;
  const former = await memberStatus(cluster, `${name}-0`);
  await kubectl.run(['delete', 'pvc', `data-${name}-0`, '--wait=false']);
  await kubectl.run(['delete', 'pod', `${name}-0`, '--wait=false']);
  const replaced = await until('a new member in place of the first founder', 180_000, async () => {
    const status = await memberStatus(cluster, `${name}-0`);
    return status.state === 'Member' && status.incarnation !== former.incarnation ? status : null;
  });
  assert.equal(replaced.cluster_id, before.status.clusterID);
  assert.notEqual(replaced.member_id, former.member_id);
  assert.notEqual(
    (await podsOf(cluster)).find((pod) => pod.metadata.name === `${name}-0`)!.metadata.uid,
    lost.metadata.uid,
  );
  await isSettled(cluster);
  await traffic.verify();
});
