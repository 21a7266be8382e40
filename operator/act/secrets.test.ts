import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RaftCluster } from '../api/types.ts';
import { secretKind } from '../kube/kinds.ts';
import { clusterOf } from '../resources/testing/specs.ts';
import { fenceOf } from './fence.ts';
import { checkSecrets, type ReadSecret, writeSecrets } from './secrets.ts';
import { MemoryApi } from './testing/memory-api.ts';

const fence = fenceOf({ isLeader: true, validUntilMs: 1000 }, { nowMs: () => 500 });
const DAY_MS = 86_400_000;
const all = ['db-admin-token', 'db-peer-ca', 'db-peer-tls', 'db-client-ca', 'db-client-tls'];

function dueOf(cluster: RaftCluster, read: ReadSecret, nowMs: number): readonly string[] {
  return checkSecrets(cluster, read, nowMs).due.flatMap(({ names }) => names);
}

async function writeAll(cluster: RaftCluster, nowMs: number, api: MemoryApi): Promise<void> {
  for (const group of ['token', 'peer', 'client'] as const) {
    if (group !== 'client' || cluster.spec.tls.client.mode === 'OperatorManaged') {
      await writeSecrets(cluster, group, nowMs, api, fence);
    }
  }
}

async function secretsIn(api: MemoryApi): Promise<ReadSecret> {
  const found = await Promise.all(all.map((name) => api.get(secretKind, { namespace: 'apps', name })));
  return (name) => found[all.indexOf(name)] ?? null;
}

test('what is due is issued once, and good from then on until its renewal', async () => {
  const cluster: RaftCluster = clusterOf({ tls: { client: { mode: 'OperatorManaged' } } });
  const api = new MemoryApi();
  const nowMs = Date.now();
  assert.deepEqual(
    dueOf(cluster, () => null, nowMs),
    all,
  );
  await writeAll(cluster, nowMs, api);
  assert.deepEqual(
    api.writes.map(({ verb, object }) => `${verb} ${object}`),
    all.map((name) => `create Secret/${name}`),
  );
  const { due, certificates } = checkSecrets(cluster, await secretsIn(api), nowMs);
  assert.deepEqual(due, []);
  assert.deepEqual(
    certificates.map(({ name }) => name),
    ['db-peer-tls', 'db-client-tls'],
  );
  await writeAll(cluster, nowMs, api);
  assert.equal(api.writes.length, all.length);
  const later = checkSecrets(cluster, await secretsIn(api), nowMs + 61 * DAY_MS);
  assert.deepEqual(later, {
    due: [
      { group: 'peer', names: ['db-peer-tls'] },
      { group: 'client', names: ['db-client-tls'] },
    ],
    certificates: [],
  });
});

test('what someone has emptied is due with all that hangs on it', async () => {
  const api = new MemoryApi();
  const nowMs = Date.now();
  await writeAll(clusterOf(), nowMs, api);
  const read = await secretsIn(api);
  const withoutCa: ReadSecret = (name) => (name === 'db-peer-ca' ? { ...read(name)!, data: {} } : read(name));
  assert.deepEqual(dueOf(clusterOf(), withoutCa, nowMs), ['db-peer-ca', 'db-peer-tls']);
});
