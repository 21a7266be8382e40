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
import { reportGap } from './report.ts';

test('1 to 3 to 5 to 3 to 1, by kubectl scale', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl, name } = cluster;
  await createCluster(cluster, { replicas: 1 });
  const traffic = await startTraffic(cluster, { members: 5 });
  for (const replicas of [3, 5, 3, 1]) {
    const beganMs = Date.now();
    await kubectl.run(['scale', `raft/${name}`, `--replicas=${replicas}`]);
    const settled = await isSettled(cluster);
    reportGap(`scale to ${replicas}`, await traffic.longestGapMs(beganMs));
    assert.equal(settled.status.members.length, replicas);
    assert.equal(
      (await podsOf(cluster)).filter((pod) => pod.metadata.deletionTimestamp === undefined).length,
      replicas,
    );
    // As an HPA asks.
    const scale = JSON.parse(
      await kubectl.run([
        'get',
        '--raw',
        `/apis/quorate.dev/v1/namespaces/${kubectl.namespace}/raftclusters/${name}/scale`,
      ]),
    );
    assert.deepEqual([scale.spec.replicas, scale.status.replicas], [replicas, replicas]);
    const selected = await kubectl.list('pods', scale.status.selector);
    assert.equal(selected.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length, replicas);
    const { members = [] } = await memberStatus(cluster, `${name}-0`);
    assert.deepEqual(
      members.map((member) => `${member.name} ${member.role}`).sort(),
      Array.from({ length: replicas }, (_, ordinal) => `${name}-${ordinal} Voter`),
    );
  }
  await until(
    'the volumes of members that are gone to be deleted',
    60_000,
    async () => (await kubectl.list('pvc')).length === 1,
  );
  await traffic.verify();
});

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
