/** What strangers change is put back without touching pods, and what is right is left alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KubeJson, until } from './kubectl.ts';
import { createCluster, manifest, podsOf, type RaftClusterUnderTest, useNamespace } from './raft-cluster.ts';

const KINDS = [
  'statefulsets',
  'services',
  'endpointslices',
  'secrets',
  'poddisruptionbudgets',
  'persistentvolumeclaims',
  'raftclusters',
];

test('edits and deletions of owned objects are put back, no pod restarts', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3 });
  const pods = uidsOf(await podsOf(cluster));
  const token = (await kubectl.get('secret', 'db-admin-token'))!.data.token;
  const container = (await kubectl.get('statefulset', 'db'))!.spec.template.spec.containers[0];

  await kubectl.run([
    'patch',
    'statefulset',
    'db',
    '--type=json',
    '-p',
    '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"stranger"}]',
  ]);
  await kubectl.patch('service', 'db', { spec: { selector: { app: 'stranger' } } });
  await kubectl.patch('pdb', 'db', { spec: { minAvailable: 0 } });
  await kubectl.run(['delete', 'service', 'db-peers']);
  await kubectl.run(['delete', 'service', 'db-leader']);
  await until('everything to be as it was', 60_000, async () => {
    const set = await kubectl.get('statefulset', 'db');
    const service = await kubectl.get('service', 'db');
    const pdb = await kubectl.get('pdb', 'db');
    return (
      set?.spec.template.spec.containers[0].image === container.image &&
      service?.spec.selector['app'] === undefined &&
      pdb?.spec.minAvailable === 2 &&
      (await kubectl.get('service', 'db-peers')) !== null &&
      (await kubectl.get('service', 'db-leader')) !== null
    );
  });
  assert.deepEqual(uidsOf(await podsOf(cluster)), pods);
  assert.equal((await kubectl.get('secret', 'db-admin-token'))!.data.token, token);
});

test('the same manifest a hundred times: nothing is written', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, { replicas: 3 });
  const spec = { replicas: 3 };
  await kubectl.apply(manifest('db', spec));
  const before = await until('the objects to be at rest', 60_000, async () => {
    const first = await versionsOf(cluster);
    const second = await versionsOf(cluster);
    return JSON.stringify(first) === JSON.stringify(second) ? second : null;
  });
  const manifests = Array.from({ length: 10 }, () => manifest('db', spec));
  for (let round = 0; round < 10; round++) await kubectl.apply(...manifests);
  assert.deepEqual(await versionsOf(cluster), before);
});

function uidsOf(objects: readonly KubeJson[]): string[] {
  return objects.map(({ metadata }) => metadata.uid).sort();
}

async function versionsOf({ kubectl }: RaftClusterUnderTest): Promise<string[]> {
  const lists = await Promise.all(
    KINDS.map(async (kind) =>
      (await kubectl.list(kind)).map(
        ({ metadata }) => `${kind}/${metadata.name} ${metadata.resourceVersion} ${metadata.generation}`,
      ),
    ),
  );
  return lists.flat().sort();
}
