/** What strangers change is put back without touching pods, and what is right is left alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KubeJson, until } from './kubectl.ts';
import {
  createCluster,
  manifest,
  memberStatus,
  podsOf,
  type RaftClusterUnderTest,
  useNamespace,
} from './raft-cluster.ts';

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
  const manifests = Array.from({ length: 10 }, () => manifest('db', spec));
  // A pod that is not ready for a moment, or a leader that gets no processor for its timeout, is written down, and rightly.
  const { before, after } = await until('a hundred applies while members stay as they are', 300_000, async () => {
    const members = await membersIn(cluster);
    const present = await until('the objects to be at rest', 60_000, async () => {
      const first = await versionsOf(cluster);
      const second = await versionsOf(cluster);
      return JSON.stringify(first) === JSON.stringify(second) ? second : null;
    });
    for (let round = 0; round < 10; round++) await kubectl.apply(...manifests);
    const versions = { before: present, after: await versionsOf(cluster) };
    return (await membersIn(cluster)) === members ? versions : null;
  });
  assert.deepEqual(after, before);
});

function uidsOf(objects: readonly KubeJson[]): string[] {
  return objects.map(({ metadata }) => metadata.uid).sort();
}

/** A text that is another one as soon as a pod was not ready, or an election has taken place. */
async function membersIn(cluster: RaftClusterUnderTest): Promise<string> {
  const { term } = await memberStatus(cluster, 'db-0');
  const pods = await podsOf(cluster);
  return JSON.stringify([term, pods.map(({ status }) => status.conditions)]);
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
