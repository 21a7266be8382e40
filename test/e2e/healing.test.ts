/** Pods that come back as themselves, and members that are replaced because they cannot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import {
  createCluster,
  isConditionTrue,
  isSettled,
  leaderOf,
  memberStatus,
  runInMember,
  startTraffic,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';

test('a member whose data is damaged is replaced by a new one, its volume with it', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3, healing: { notReadyAfterSeconds: 10 } });
  const traffic = await startTraffic(cluster);
  await traffic.goesOn();
  const leader = await leaderOf(cluster);
  const victim = ['db-0', 'db-1', 'db-2'].find((name) => name !== leader)!;
  const former = await memberStatus(cluster, victim);
  const volume = (await kubectl.get('pvc', `data-${victim}`))!;
  await runInMember(cluster, victim, damageLog);
  await kubectl.run(['delete', 'pod', victim, '--force', '--grace-period=0']);
  const replaced = await until(`a new member in ${victim}`, 180_000, async () => {
    const status = await memberStatus(cluster, victim);
    return status.state === 'Member' && status.incarnation !== former.incarnation ? status : null;
  });
  assert.notEqual(replaced.member_id, former.member_id);
  assert.notEqual((await kubectl.get('pvc', `data-${victim}`))!.metadata.uid, volume.metadata.uid);
  const settled = await isSettled(cluster);
  assert.equal(settled.status.members.length, 3);
  await traffic.verify();
});

test('with healing disabled a lost member is reported and left', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3, healing: { mode: 'Disabled', notReadyAfterSeconds: 10 } });
  const former = await memberStatus(cluster, 'db-2');
  await kubectl.run(['delete', 'pvc', 'data-db-2', '--wait=false']);
  await kubectl.run(['delete', 'pod', 'db-2', '--force', '--grace-period=0']);
  const degraded = await untilCluster(
    cluster,
    'Degraded, with a plan that says why nothing is done',
    (object) => isConditionTrue(object, 'Degraded') && object.status.plan.blockers.length > 0,
  );
  assert.match(JSON.stringify(degraded.status.plan), /healing/i);
  const { members = [] } = await memberStatus(cluster, 'db-0');
  assert.ok(
    members.some(({ incarnation }) => incarnation === former.incarnation),
    'it was replaced all the same',
  );
});

/** Runs in the member's container: flips bits in the first half of its log, where no torn write can be. */
const damageLog = `
const fs = require('node:fs');
const folder = '/data/log';
const file = folder + '/' + fs.readdirSync(folder).filter((name) => fs.statSync(folder + '/' + name).size > 0).sort()[0];
const handle = fs.openSync(file, 'r+');
const bytes = Buffer.alloc(64);
fs.readSync(handle, bytes, 0, 64, 512);
fs.writeSync(handle, bytes.map((byte) => byte ^ 0x55), 0, 64, 512);
fs.fsyncSync(handle);
`;
