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

async function secretsIn(api: MemoryApi): Promise<ReadSecret> {
  const found = await Promise.all(all.map((name) => api.get(secretKind, { namespace: 'apps', name })));
  return (name) => found[all.indexOf(name)] ?? null;
}

test('what is due is issued once, and good from then on until its renewal', async () => {
  const cluster: RaftCluster = clusterOf({ tls: { client: { mode: 'OperatorManaged' } } });
  const api = new MemoryApi();
  const nowMs = Date.now();
  assert.deepEqual(checkSecrets(cluster, () => null, nowMs).due, all);
  await writeSecrets(cluster, nowMs, api, fence);
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
  await writeSecrets(cluster, nowMs, api, fence);
  assert.equal(api.writes.length, all.length);
  const later = checkSecrets(cluster, await secretsIn(api), nowMs + 61 * DAY_MS);
  assert.deepEqual(later, { due: ['db-peer-tls', 'db-client-tls'], certificates: [] });
});

test('what someone has emptied is due with all that hangs on it', async () => {
  const api = new MemoryApi();
  const nowMs = Date.now();
  await writeSecrets(clusterOf(), nowMs, api, fence);
  const read = await secretsIn(api);
  const withoutCa: ReadSecret = (name) => (name === 'db-peer-ca' ? { ...read(name)!, data: {} } : read(name));
  assert.deepEqual(checkSecrets(clusterOf(), withoutCa, nowMs).due, ['db-peer-ca', 'db-peer-tls']);
});
