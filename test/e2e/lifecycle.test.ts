/** Tokens, volumes that grow, deletion by each policy, and the same name again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from './kubectl.ts';
import {
  changeSpec,
  createCluster,
  isSettled,
  manifest,
  memberStatus,
  readCluster,
  runInMember,
  untilCluster,
  useNamespace,
} from './raft-cluster.ts';

test("a member's administrative calls need the cluster's own token", async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 1 });
  const secret = await kubectl.get('secret', 'db-admin-token');
  const token = Buffer.from(secret!.data.token, 'base64').toString();
  const call = (header: string) =>
    runInMember(
      cluster,
      'db-0',
      `fetch('http://127.0.0.1:2379/v1/cluster/transfer-leader',{method:'POST',headers:${header},body:'{}'}).then(r=>console.log(r.status))`,
    );
  assert.equal(await call('{"content-type":"application/json"}'), '401');
  assert.notEqual(await call(`{"content-type":"application/json",authorization:"Bearer ${token}"}`), '401');
});

test('clients speak TLS with certificates from the operator, and must show one', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, {
    replicas: 3,
    tls: { client: { mode: 'OperatorManaged', clientCertificates: 'Required' } },
  });
  const certificate = (await kubectl.get('secret', 'db-client-tls'))!.data;
  const program = `
    const text = (base64) => Buffer.from(base64, 'base64').toString();
    const [ca, cert, key] = process.argv.slice(1).map(text);
    const get = (options) => new Promise((resolve) => require('node:https')
      .get('https://db.${kubectl.namespace}.svc:2379/v1/status', { ca, ...options }, (answer) => { answer.resume(); resolve(answer.statusCode); })
      .on('error', () => resolve('refused')));
    (async () => console.log(await get({ cert, key }), await get({})))();`;
  const keys = ['ca.crt', 'tls.crt', 'tls.key'].map((name) => certificate[name]);
  // The Service's rules may reach the node of db-0 a moment later.
  const answers = await until('an answer through the Service', 60_000, async () => {
    const both = await runInMember(cluster, 'db-0', program, ...keys);
    return both.startsWith('200') && both;
  });
  assert.equal(answers, '200 refused');
  assert.equal((await readCluster(cluster)).status.certificates.length, 2);
});

test('volumes grow with the spec, and never shrink', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 1, storage: { size: '1Gi' } });
  await changeSpec(cluster, { storage: { size: '2Gi' } });
  await until(
    'the claim to ask for 2Gi',
    60_000,
    async () => (await kubectl.get('pvc', 'data-db-0'))?.spec.resources.requests.storage === '2Gi',
  );
  await isSettled(cluster);
  await assert.rejects(changeSpec(cluster, { storage: { size: '1Gi' } }), /shrink/i);
  // A new member's volume is as large as the others.
  await changeSpec(cluster, { replicas: 3 });
  await isSettled(cluster);
  for (const { spec } of await kubectl.list('pvc')) assert.equal(spec.resources.requests.storage, '2Gi');
});

test('deleted and made again at once under the same name: retained volumes are adopted', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3, storage: { reclaimPolicy: 'Retain' } });
  const { clusterID } = (await readCluster(cluster)).status;
  await kubectl.run(['delete', 'raftcluster', 'db', '--timeout=120s']);
  assert.equal((await kubectl.list('pvc')).length, 3);
  await createCluster(cluster, { replicas: 3, storage: { reclaimPolicy: 'Delete' } });
  assert.equal((await readCluster(cluster)).status.clusterID, clusterID);

  await kubectl.run(['delete', 'raftcluster', 'db', '--timeout=120s']);
  await until('the volumes to be gone', 60_000, async () => (await kubectl.list('pvc')).length === 0);
  await createCluster(cluster, { replicas: 1 });
  assert.notEqual((await readCluster(cluster)).status.clusterID, clusterID);
});

test('a protected one stays until the protection goes', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 1, deletionProtection: true });
  await kubectl.run(['delete', 'raftcluster', 'db', '--wait=false']);
  await untilCluster(cluster, 'the plan to name the protection', (object) =>
    /deletionProtection/.test(JSON.stringify(object.status.plan)),
  );
  assert.equal((await memberStatus(cluster, 'db-0')).role, 'Leader');
  await changeSpec(cluster, { deletionProtection: false });
  await until('the RaftCluster to be gone', 60_000, async () => (await kubectl.get('raftcluster', 'db')) === null);
});

test('a namespace is deleted while its cluster has no quorum', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3 });
  for (const pod of ['db-0', 'db-1']) await kubectl.run(['delete', 'pvc', `data-${pod}`, '--wait=false']);
  await kubectl.run(['delete', 'pod', 'db-0', 'db-1', '--force', '--grace-period=0']);
  await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  await until(
    'the namespace to be gone',
    180_000,
    async () => (await kubectl.get('namespace', kubectl.namespace)) === null,
  );
});

test('a manifest that was never formed is deleted like any other', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await kubectl.apply(manifest('db', { replicas: 3, image: 'localhost/no-such-image:1' }));
  await until('its pods', 60_000, async () => (await kubectl.list('pods')).length === 3);
  await kubectl.run(['delete', 'raftcluster', 'db', '--timeout=60s']);
});
