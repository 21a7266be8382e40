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
  const before = await until('the objects to be at rest', 60_000, async () => {
    const first = await writtenIn(cluster);
    const second = await writtenIn(cluster);
    return JSON.stringify(first) === JSON.stringify(second) ? second : null;
  });
  const { term } = await memberStatus(cluster, 'db-0');
  const manifests = Array.from({ length: 10 }, () => manifest('db', spec));
  for (let round = 0; round < 10; round++) await kubectl.apply(...manifests);
  const after = await writtenIn(cluster);
  // A leader that got no processor for an election timeout is not the manifest's doing, and its successor is written down.
  if ((await memberStatus(cluster, 'db-0')).term === term) assert.deepEqual(after, before);
  else assert.deepEqual(after.filter(isNotOfLeader), before.filter(isNotOfLeader));
});

function uidsOf(objects: readonly KubeJson[]): string[] {
  return objects.map(({ metadata }) => metadata.uid).sort();
}

/** Each object with who has written what of it and when, but for what follows from pods that are not ready for a moment. */
async function writtenIn({ kubectl }: RaftClusterUnderTest): Promise<string[]> {
  const lists = await Promise.all(
    KINDS.map(async (kind) => {
      const list = JSON.parse(await kubectl.run(['get', kind, '-o', 'json', '--show-managed-fields'])) as {
        items: readonly { metadata: { name: string; uid: string; managedFields: readonly ManagedFields[] } }[];
      };
      return list.items.map(({ metadata: { name, uid, managedFields } }) => {
        const writers = managedFields.filter(
          ({ manager, subresource }) => subresource !== 'status' && manager !== 'kube-controller-manager',
        );
        return `${kind}/${name} ${uid} ${JSON.stringify(writers)}`;
      });
    }),
  );
  return lists.flat().sort();
}

type ManagedFields = { readonly manager: string; readonly subresource?: string };

function isNotOfLeader(line: string): boolean {
  return !line.startsWith('endpointslices/');
}
