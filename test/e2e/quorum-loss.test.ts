/** A quorum that is lost for good: nothing is destroyed unasked, and with consent the survivor goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changeSpec,
  createCluster,
  isSettled,
  memberStatus,
  readCluster,
  startTraffic,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';

test('two of three volumes are lost: offered, consented to, re-formed from the survivor', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3, healing: { notReadyAfterSeconds: 10 } });
  const traffic = await startTraffic(cluster);
  await traffic.goesOn();
  await traffic.verify();
  const former = await readCluster(cluster);
  const revision = (await memberStatus(cluster, 'db-2')).revision!;
  const survivorVolume = (await kubectl.get('pvc', 'data-db-2'))!.metadata.uid;
  for (const pod of ['db-0', 'db-1']) await kubectl.run(['delete', 'pvc', `data-${pod}`, '--wait=false']);
  await kubectl.run(['delete', 'pod', 'db-0', 'db-1', '--force', '--grace-period=0']);

  const offered = await untilCluster(
    cluster,
    'the recovery to be offered',
    (object) => object.status.quorumRecovery?.nonce !== undefined,
    180_000,
  );
  assert.deepEqual(offered.status.quorumRecovery.survivors, ['db-2']);
  assert.equal(offered.status.quorumRecovery.step, 'Offered');
  assert.equal(offered.status.clusterID, former.status.clusterID);
  assert.equal((await kubectl.get('pvc', 'data-db-2'))!.metadata.uid, survivorVolume);

  await changeSpec(cluster, { quorumRecovery: { acknowledge: offered.status.quorumRecovery.nonce } });
  const recovered = await isSettled(cluster, 300_000);
  assert.notEqual(recovered.status.clusterID, former.status.clusterID);
  assert.equal((await kubectl.get('pvc', 'data-db-2'))!.metadata.uid, survivorVolume);
  assert.ok((await memberStatus(cluster, 'db-2')).revision! >= revision + 1_000_000);
  await (await startTraffic(cluster)).verify();
});
