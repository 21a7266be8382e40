import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryApi } from '../act/testing/memory-api.ts';
import { labels } from '../api/names.ts';
import { type Caches, freshSource } from './source.ts';

const cluster = { namespace: 'ns', name: 'db' };
const ownerOf = (kind: string, name: string) => [{ apiVersion: 'v1', kind, name, uid: 'u', controller: true }];

test('the StatefulSets of a RaftCluster are found without their label, and those of others are not', async () => {
  const api = new MemoryApi();
  const source = freshSource(api, {} as Caches);
  const found = async (metadata: object) => {
    api.put('StatefulSet', { metadata: { name: 'db-read', uid: 'x', resourceVersion: '1', ...metadata } });
    return (await source.statefulSets(cluster)).map(({ metadata: { name } }) => name);
  };
  assert.deepEqual(await found({ ownerReferences: ownerOf('RaftCluster', 'db') }), ['db-read']);
  assert.deepEqual(await found({ labels: { [labels.cluster]: 'db' } }), ['db-read']);
  assert.deepEqual(await found({ ownerReferences: ownerOf('RaftCluster', 'db-read') }), []);
  assert.deepEqual(await found({ ownerReferences: ownerOf('Other', 'db') }), []);
  assert.deepEqual(await found({}), []);
});
