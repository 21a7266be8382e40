/** Growing, shrinking, changing one's mind, sleeping and waking, under writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import {
  changeSpec,
  conditionOf,
  createCluster,
  isSettled,
  memberStatus,
  podsOf,
  readCluster,
  startTraffic,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';

test('the wish changes half way: what has begun is finished or undone, nothing is left over', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl, name } = cluster;
  await createCluster(cluster, { replicas: 3 });
  const traffic = await startTraffic(cluster, { members: 5 });
  await changeSpec(cluster, { replicas: 5 });
  await until('the fourth pod', 60_000, () => kubectl.get('pod', `${name}-3`));
  await changeSpec(cluster, { replicas: 3 });
  await isSettled(cluster);
  assert.equal((await memberStatus(cluster, `${name}-0`)).members?.length, 3);

  await changeSpec(cluster, { replicas: 1 });
  await changeSpec(cluster, { replicas: 3 });
  await isSettled(cluster);
  assert.equal((await memberStatus(cluster, `${name}-0`)).members?.length, 3);
  await traffic.verify();
});

test('read replicas come and go and never vote', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  await createCluster(cluster, { replicas: 1, readReplicas: 1, services: { readOnly: { enabled: true } } });
  const { members = [] } = await memberStatus(cluster, 'db-0');
  assert.deepEqual(members.map(({ name, role }) => `${name} ${role}`).sort(), ['db-0 Voter', 'db-read-0 Learner']);
  await changeSpec(cluster, { readReplicas: 0 });
  await isSettled(cluster);
  assert.equal((await memberStatus(cluster, 'db-0')).members?.length, 1);
});

test('hibernated and woken, it is the same cluster with the same data', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3 });
  const before = await readCluster(cluster);
  const revision = (await memberStatus(cluster, 'db-0')).revision;
  const volumes = (await kubectl.list('pvc')).map(({ metadata }) => metadata.uid).sort();
  await changeSpec(cluster, { replicas: 0 });
  await until('no pod', 120_000, async () => (await podsOf(cluster)).length === 0);
  await untilCluster(
    cluster,
    'the pods to be reported as stopped',
    (object) => conditionOf(object, 'Ready')?.reason === 'Hibernating',
  );
  assert.deepEqual((await kubectl.list('pvc')).map(({ metadata }) => metadata.uid).sort(), volumes);
  await changeSpec(cluster, { replicas: 3 });
  const after = await isSettled(cluster);
  assert.equal(after.status.clusterID, before.status.clusterID);
  assert.ok((await memberStatus(cluster, 'db-0')).revision! >= revision!);
});
