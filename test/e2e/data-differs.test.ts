/** A member whose store holds something else than the log has brought it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import {
  changeSpec,
  conditionOf,
  createCluster,
  isConditionTrue,
  isSettled,
  leaderOf,
  memberStatus,
  podsOf,
  type RaftClusterUnderTest,
  runInMember,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';
import { restrictedPod } from './restricted-pod.ts';

test('a value changed on the volume of the leader: shown, kept from spreading, and mended when its user says so', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3, updateStrategy: { minReadySeconds: 1 } });
  for (const value of ['first', 'second']) assert.equal(await call(cluster, 'db-0', 'PUT', '/v1/kv/key', value), 200);
  await changeSpec(cluster, { replicas: 0 });
  await until('no pod', 120_000, async () => (await podsOf(cluster)).length === 0);
  await changeValue(cluster, 'db-1');
  await changeSpec(cluster, { replicas: 3 });
  await isSettled(cluster);
  const victim = await memberStatus(cluster, 'db-1');
  const to = JSON.stringify({ to: victim.member_id });
  // In vain where db-1 gets no processor for an election timeout.
  await until('db-1 to lead', 60_000, async () => {
    const leader = await leaderOf(cluster);
    return leader === 'db-1' || (await call(cluster, leader, 'POST', '/v1/cluster/transfer-leader', to)) === 200;
  });
  const volume = (await kubectl.get('pvc', 'data-db-1'))!.metadata.uid;
  const pods = (await podsOf(cluster)).map(({ metadata }) => metadata.uid).sort();

  const compaction = JSON.stringify({ revision: victim.revision });
  assert.equal(await call(cluster, 'db-1', 'POST', '/v1/compact', compaction), 200);
  const found = await untilCluster(
    cluster,
    'the difference to be shown, and another to lead',
    (object) =>
      conditionOf(object, 'DataConsistent')?.reason === 'MembersDiffer' &&
      /^db-[02]$/.test(object.status.leader) &&
      isConditionTrue(object, 'Available'),
  );
  assert.deepEqual(found.status.dataMismatch.members, ['db-1']);
  assert.match(conditionOf(found, 'DataConsistent')!.message, /^db-1 holds other keys than a quorum/);
  assert.deepEqual(
    ['Ready', 'Available', 'Degraded'].map((type) => isConditionTrue(found, type)),
    [false, true, true],
  );
  assert.equal(await call(cluster, 'db-0', 'PUT', '/v1/kv/key', 'third'), 500, 'writes are refused');
  await until('db-1 to serve nobody, and the others all', 60_000, async () => {
    const ready = (await podsOf(cluster)).filter((pod) => isConditionTrue(pod, 'Ready'));
    return (
      ready
        .map(({ metadata }) => metadata.name)
        .sort()
        .join() === 'db-0,db-2'
    );
  });
  await changeSpec(cluster, { restartedAt: new Date().toISOString() });
  await untilCluster(cluster, 'a plan that leaves all as it is', ({ status }) =>
    status.plan.blockers.includes('the rollout waits until db-1 holds the same keys as a quorum'),
  );
  assert.deepEqual((await podsOf(cluster)).map(({ metadata }) => metadata.uid).sort(), pods);
  assert.equal((await kubectl.get('pvc', 'data-db-1'))!.metadata.uid, volume);

  await kubectl.run(['delete', 'pvc/data-db-1', 'pod/db-1', '--wait=false']);
  const mended = await isSettled(cluster, 240_000);
  assert.ok(isConditionTrue(mended, 'DataConsistent'));
  assert.equal(mended.status.dataMismatch, undefined);
  assert.notEqual((await memberStatus(cluster, 'db-1')).member_id, victim.member_id);
  for (const pod of ['db-0', 'db-1', 'db-2']) assert.equal(await valueIn(cluster, pod), 'second', pod);
  assert.equal(await call(cluster, 'db-1', 'PUT', '/v1/kv/key', 'third'), 200);
  const events = await kubectl.run(['get', 'events', '-o', 'custom-columns=R:.reason,N:.note,M:.message']);
  assert.match(events, /DataDiffers.*db-1 holds other keys than a quorum of the members/);
  assert.match(events, /DataConsistent.*writes go on/);
});

/** Status of the answer of the member in a pod, to who has the token of its cluster. */
async function call(
  cluster: RaftClusterUnderTest,
  pod: string,
  method: string,
  path: string,
  body: string,
): Promise<number> {
  const program = `
    const authorization = 'Bearer ' + require('node:fs').readFileSync('/etc/quorate/admin/token', 'utf8').trim();
    const [method, path, body] = process.argv.slice(1);
    fetch('http://127.0.0.1:2379' + path, { method, headers: { authorization }, body }).then(({ status }) => console.log(status));`;
  return Number(await runInMember(cluster, pod, program, method, path, body));
}

/** As this member has it. */
async function valueIn({ kubectl }: RaftClusterUnderTest, pod: string): Promise<string> {
  const path = `/api/v1/namespaces/${kubectl.namespace}/pods/${pod}:2379/proxy/v1/kv/key`;
  return kubectl.run(['get', '--raw', path]);
}

/** In the row that reads are answered from, while no member has the volume. */
async function changeValue({ kubectl, environment }: RaftClusterUnderTest, pod: string): Promise<void> {
  const program = `
    import { readdirSync } from 'node:fs';
    import { openRocksDbEngine } from '/app/node/storage/rocksdb-engine.js';
    import { currentKey } from '/app/node/store/row-keys.js';
    const folder = readdirSync('/data').find((name) => name.startsWith('state'));
    const engine = await openRocksDbEngine('/data/' + folder);
    const key = currentKey(Buffer.from('key'));
    const value = await engine.get(key);
    value[value.length - 1] ^= 1;
    await engine.write([{ kind: 'Put', key, value }]);
    await engine.flush();
    await engine.close();`;
  await kubectl.apply(
    restrictedPod(
      { name: 'stranger' },
      {
        image: environment.image,
        command: ['node', '--input-type=module', '-e', program],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
      { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `data-${pod}` } }] },
    ),
  );
  await until(
    'the value to be changed',
    120_000,
    async () => (await kubectl.get('pod', 'stranger'))?.status.phase === 'Succeeded',
    () => kubectl.run(['logs', 'stranger']),
  );
  await kubectl.run(['delete', 'pod', 'stranger']);
}
