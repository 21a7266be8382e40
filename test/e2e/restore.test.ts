/** Clusters that begin with a backup: fetched from a URL, or read from a volume. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import {
  createCluster,
  isSettled,
  manifest,
  memberStatus,
  type RaftClusterUnderTest,
  readCluster,
  runInMember,
  useNamespace,
} from './raft-cluster.ts';
import { restrictedPod } from './restricted-pod.ts';

test('a backup of one cluster, from a URL and from a volume, is the beginning of others', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 1 });
  await runInMember(
    cluster,
    'db-0',
    `fetch('http://127.0.0.1:2379/v1/kv/kept',{method:'PUT',body:'yes'}).then(r=>console.log(r.status))`,
  );
  await serveBackup(cluster);

  const fromUrl = { ...cluster, name: 'from-url' };
  await kubectl.apply(
    manifest('from-url', {
      replicas: 3,
      bootstrap: { restore: { url: `http://backup.${kubectl.namespace}.svc:8080/` } },
    }),
  );
  await isSettled(fromUrl);
  for (const ordinal of [0, 1, 2]) assert.equal(await keptIn(fromUrl, `from-url-${ordinal}`), 'yes');

  const fromVolume = { ...cluster, name: 'from-volume' };
  await kubectl.apply(
    manifest('from-volume', {
      replicas: 1,
      bootstrap: { restore: { volume: { claimName: 'backup', path: 'backup.snapshot' } } },
    }),
  );
  await isSettled(fromVolume);
  assert.equal(await keptIn(fromVolume, 'from-volume-0'), 'yes');

  const ids = await Promise.all(
    [cluster, fromUrl, fromVolume].map(async (one) => (await readCluster(one)).status.clusterID),
  );
  assert.equal(new Set(ids).size, 3);
  assert.equal((await memberStatus(fromUrl, 'from-url-0')).members?.length, 3);
});

/** A pod that takes a backup onto a volume, and serves it. */
async function serveBackup({ kubectl, environment }: RaftClusterUnderTest): Promise<void> {
  const program = `
    const fs = require('node:fs');
    const headers = { authorization: 'Bearer ' + process.env.TOKEN };
    const { pipeline } = require('node:stream/promises');
    (async () => {
      const answer = await fetch('http://db.${kubectl.namespace}.svc:2379/v1/snapshot', { headers });
      if (!answer.ok) throw new Error(await answer.text());
      await pipeline(answer.body, fs.createWriteStream('/backup/backup.snapshot'));
      require('node:http').createServer((_, response) => fs.createReadStream('/backup/backup.snapshot').pipe(response)).listen(8080);
      console.log('serving');
    })();`;
  await kubectl.apply(
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'backup' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'backup' },
      spec: { selector: { app: 'backup' }, ports: [{ port: 8080 }] },
    },
    restrictedPod(
      { name: 'backup', labels: { app: 'backup' } },
      {
        image: environment.image,
        command: ['node', '-e', program],
        env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'db-admin-token', key: 'token' } } }],
        volumeMounts: [{ name: 'backup', mountPath: '/backup' }],
      },
      { restartPolicy: 'Always', volumes: [{ name: 'backup', persistentVolumeClaim: { claimName: 'backup' } }] },
    ),
  );
  await until('the backup to be served', 60_000, async () =>
    (await kubectl.run(['logs', 'backup'])).includes('serving'),
  );
}

function keptIn(cluster: RaftClusterUnderTest, pod: string): Promise<string> {
  return runInMember(
    cluster,
    pod,
    `fetch('http://127.0.0.1:2379/v1/kv/kept?consistency=serializable').then(r=>r.text()).then(t=>console.log(t))`,
  );
}
