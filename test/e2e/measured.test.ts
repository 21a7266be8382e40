/**
 * What docs/operator.md gives figures of, beside those of nodes and of upgrades: one test at a time, since a gap that is
 * measured while another test uses up the processors is not the product's.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KubeJson, until } from './kubectl.ts';
import {
  changeSpec,
  createCluster,
  isConditionTrue,
  isSettled,
  leaderOf,
  manifest,
  memberStatus,
  podsOf,
  type RaftClusterUnderTest,
  startTraffic,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';
import { report, reportGap } from './report.ts';

test('six lines give a cluster that answers on its Service, and kubectl shows it in words', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl, name } = cluster;
  const beganMs = Date.now();
  await kubectl.apply(manifest(name, { replicas: 3 }));
  const ready = await untilCluster(cluster, 'Ready', (object) => isConditionTrue(object, 'Ready'), 60_000);
  report('apply to Ready', `${((Date.now() - beganMs) / 1000).toFixed(1)} s`);

  const shown = await kubectl.run(['get', 'raft', name]);
  const [head, row] = shown
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s{2,}/));
  assert.deepEqual(head, ['NAME', 'READY', 'VOTERS', 'LEADER', 'VERSION', 'STATUS', 'AGE']);
  assert.deepEqual(row?.slice(0, 3), [name, 'True', '3/3']);
  assert.match(row?.[3] ?? '', /^db-[012]$/);
  assert.match(await kubectl.run(['describe', 'raftcluster', name]), /Events:[\s\S]*\bNormal\b/);
  assert.equal(ready.status.replicas, 3);
  assert.equal(ready.status.members.length, 3);

  const traffic = await startTraffic(cluster);
  const scale = await readScale(cluster);
  assert.equal(scale.spec.replicas, 3);
  assert.equal(scale.status.replicas, 3);
  const selected = await kubectl.list('pods', scale.status.selector);
  assert.equal(selected.length, 3);
  await traffic.verify();
});

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
    reportGap(`scale to ${replicas}`, await traffic.longestGap(beganMs));
    assert.equal(settled.status.members.length, replicas);
    assert.equal(
      (await podsOf(cluster)).filter((pod) => pod.metadata.deletionTimestamp === undefined).length,
      replicas,
    );
    const scale = await readScale(cluster);
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

test('a changed setting restarts every pod, one at a time, the leader last', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3, updateStrategy: { minReadySeconds: 1 } });
  const traffic = await startTraffic(cluster);
  const before = new Map((await podsOf(cluster)).map(({ metadata }) => [metadata.name, metadata.uid]));
  const leader = await leaderOf(cluster);
  const { term } = await memberStatus(cluster, leader);
  const beganMs = Date.now();
  await changeSpec(cluster, { config: { logLevel: 'debug' } });
  const order: string[] = [];
  await until('all pods to be replaced', 300_000, async () => {
    const pods = await podsOf(cluster);
    const away = pods.filter((pod) => !isConditionTrue(pod, 'Ready') || pod.metadata.deletionTimestamp !== undefined);
    assert.ok(away.length + (3 - pods.length) <= 1, `${away.map(({ metadata }) => metadata.name)} are away at once`);
    for (const { metadata } of pods) {
      if (metadata.uid !== before.get(metadata.name) && !order.includes(metadata.name)) order.push(metadata.name);
    }
    return order.length === 3;
  });
  await isSettled(cluster);
  const elections = (await memberStatus(cluster, leader)).term! - term!;
  assert.ok(elections > 0, 'the leader restarts, so another one leads');
  // After more than one, leadership has moved by itself meanwhile, as where a leader gets no processor for its timeout.
  if (elections === 1) assert.equal(order.at(-1), leader, `the order was ${order}`);
  else console.log(`${elections} elections: that the leader goes last cannot be told from the order ${order}`);
  reportGap('upgrade of all three members', await traffic.longestGap(beganMs));
  report('upgrade of all three members', `${((Date.now() - beganMs) / 1000).toFixed(0)} s`);
  assert.equal((await traffic.verify()).failedWrites, 0);
  assert.match(await kubectl.run(['get', 'events']), /Evict|Restart/i);
});

test('a deleted pod and a killed leader come back as the members they were', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3 });
  const traffic = await startTraffic(cluster);
  const before = await memberStatus(cluster, 'db-0');
  for (const { how, args } of [
    { how: "the leader's pod deleted", args: [] },
    { how: "the leader's pod killed", args: ['--force', '--grace-period=0'] },
  ]) {
    const leader = await leaderOf(cluster);
    const former = await memberStatus(cluster, leader);
    const pod = await kubectl.get('pod', leader);
    const beganMs = Date.now();
    await kubectl.run(['delete', 'pod', leader, '--wait=false', ...args]);
    await until(`${leader} to come back`, 120_000, async () => {
      const now = await kubectl.get('pod', leader);
      if (now === null || now.metadata.uid === pod!.metadata.uid) return null;
      const status = await memberStatus(cluster, leader);
      return status.state === 'Member' ? status : null;
    });
    const returned = await memberStatus(cluster, leader);
    assert.equal(returned.member_id, former.member_id);
    assert.equal(returned.incarnation, former.incarnation);
    assert.equal(returned.config_index, before.config_index, 'the membership has changed');
    await isSettled(cluster);
    reportGap(how, await traffic.longestGap(beganMs));
  }
  await traffic.verify();
});

/** As an HPA asks. */
async function readScale({ kubectl, name }: RaftClusterUnderTest): Promise<KubeJson> {
  const path = `/apis/quorate.dev/v1/namespaces/${kubectl.namespace}/raftclusters/${name}/scale`;
  return JSON.parse(await kubectl.run(['get', '--raw', path]));
}
