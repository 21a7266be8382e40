import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../api/names.ts';
import { serviceKind, statefulSetKind } from '../kube/kinds.ts';
import type { KubeObject, Stored } from '../kube/types.ts';
import type { ChildObject } from '../resources/types.ts';
import { type ChildWrite, childWrites, NameTaken, writeChild } from './children.ts';
import { fenceOf } from './fence.ts';
import { MemoryApi } from './testing/memory-api.ts';

const owner = { apiVersion: 'quorate.dev/v1', kind: 'RaftCluster', name: 'db', uid: 'u1', controller: true };
const metadata = { name: 'db', namespace: 'ns', labels: { [labels.cluster]: 'db' }, ownerReferences: [owner] };
const service: ChildObject = { kind: serviceKind, object: { metadata, spec: { type: 'ClusterIP' } } as KubeObject };
const set = (replicas: number): ChildObject => ({
  kind: statefulSetKind,
  object: { metadata, spec: { replicas, template: { spec: { containers: [{ name: 'member' }] } } } } as KubeObject,
});
const fence = fenceOf({ isLeader: true, validUntilMs: 1000 }, { nowMs: () => 0 });

/** As it is after it was written. */
function written(write: ChildWrite, change: object = {}): Stored<KubeObject> {
  const { apiVersion, kind } = write.kind;
  const stored = { ...write.object, apiVersion, kind, ...change };
  return { ...stored, metadata: { ...write.object.metadata, uid: 'x', resourceVersion: '1' } } as Stored<KubeObject>;
}

test('what is not there is created; once it is, there is nothing to do', () => {
  const [write] = childWrites([service], [], () => null);
  assert.equal(write?.verb, 'Create');
  const live = written(write!, { spec: { type: 'ClusterIP', clusterIP: '10.0.0.1' } });
  assert.deepEqual(
    childWrites([service], [{ kind: serviceKind, object: live }], () => live),
    [],
  );
});

test('what somebody has changed is put back, and so is what the operator wants otherwise now', () => {
  const [write] = childWrites([service], [], () => null);
  const tampered = written(write!, { spec: { type: 'NodePort' } });
  assert.deepEqual(
    childWrites([service], [], () => tampered).map(({ verb, fields }) => [verb, ...fields]),
    [['PutBack', 'spec.type']],
  );
  const other = { kind: serviceKind, object: { metadata, spec: {} } as KubeObject };
  assert.deepEqual(
    childWrites([other], [], () => written(write!)).map(({ verb }) => verb),
    ['Change'],
  );
});

test('what is wanted no more goes, by uid and resourceVersion; what is going already is left', async () => {
  const [write] = childWrites([service], [], () => null);
  const live = written(write!);
  const deletions = childWrites([], [{ kind: serviceKind, object: live }], () => null);
  assert.deepEqual(
    deletions.map(({ verb }) => verb),
    ['Delete'],
  );
  const api = new MemoryApi();
  api.put('Service', live);
  await writeChild(deletions[0]!, api, fence);
  assert.deepEqual(api.writes[0]?.options, { uid: 'x', resourceVersion: '1', notAfterMs: 1000 });
  const going = { ...live, metadata: { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  assert.deepEqual(
    childWrites([], [{ kind: serviceKind, object: going }], () => null),
    [],
  );
});

test('the size of a StatefulSet alone is no reason to apply it', () => {
  const [write] = childWrites([set(3)], [], () => null);
  const live = written(write!);
  assert.deepEqual(
    childWrites([set(5)], [], () => live),
    [],
  );
});

test('a StatefulSet is applied to the very version that was read, and only ever created when there is none', async () => {
  const api = new MemoryApi();
  const [creation] = childWrites([set(1)], [], () => null);
  api.put('StatefulSet', { ...written(creation!), metadata: { ...metadata, uid: 'x', resourceVersion: '2' } });
  await assert.rejects(writeChild(creation!, api, fence), { code: 'AlreadyExists' });
  const stale = { ...written(creation!), spec: {} };
  const [apply] = childWrites([set(1)], [], () => stale);
  assert.equal(apply?.verb, 'PutBack');
  await assert.rejects(writeChild(apply!, api, fence), { code: 'Conflict' });
});

test('an object of that name that belongs to somebody else is left alone', async () => {
  const api = new MemoryApi();
  api.put('Service', { metadata: { name: 'db', uid: 'x', resourceVersion: '1' } });
  const [creation] = childWrites([service], [], () => null);
  await assert.rejects(writeChild(creation!, api, fence), NameTaken);
  const former = { ...metadata, ownerReferences: [{ ...owner, uid: 'former' }], uid: 'x', resourceVersion: '1' };
  api.put('Service', { metadata: former });
  await assert.rejects(writeChild(creation!, api, fence), {
    name: 'NameTaken',
    message: 'the Service db still belongs to a RaftCluster that was deleted',
  });
  assert.deepEqual(api.writes, []);
});

test('an object of this RaftCluster whose label was taken away gets it back', async () => {
  const api = new MemoryApi();
  const [write] = childWrites([service], [], () => null);
  const live = written(write!);
  api.put('Service', { ...live, metadata: { ...live.metadata, labels: {} } });
  await writeChild(write!, api, fence);
  assert.equal(api.writes[0]?.verb, 'apply');
});

test('what a StatefulSet was created with can be taken away by an apply later', async () => {
  const api = new MemoryApi();
  const [write] = childWrites([set(1)], [], () => null);
  const created = { manager: 'quorate', operation: 'Update', fieldsV1: { 'f:spec': { 'f:template': {} } } };
  const scaled = { manager: 'quorate', operation: 'Update', fieldsV1: { 'f:spec': { 'f:replicas': {} } } };
  const live = written(write!);
  const managed = { ...live, spec: {}, metadata: { ...live.metadata, managedFields: [scaled, created] } };
  api.put('StatefulSet', managed);
  const [apply] = childWrites([set(1)], [], () => managed as unknown as Stored<KubeObject>);
  await writeChild(apply!, api, fence);
  assert.deepEqual(api.writes[0]?.body, { metadata: { managedFields: [scaled, { ...created, operation: 'Apply' }] } });
  assert.equal(api.writes[0]?.verb, 'patch');
  assert.deepEqual(api.writes[1]?.body, apply!.object);
});
