import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Store } from './store.ts';
import type { Change, KubeObject, Stored } from './types.ts';

type Facts = { name: string; uid: string; version: number; owners?: string[] };

function objectOf({ name, uid, version, owners = [] }: Facts): Stored<KubeObject> {
  const ownerReferences = owners.map((owner) => ({ apiVersion: 'v1', kind: 'Owner', name: owner, uid: owner }));
  const metadata = { namespace: 'ns', name, uid, resourceVersion: String(version), ownerReferences };
  return { apiVersion: 'v1', kind: 'Thing', metadata };
}

function told(changes: readonly Change<KubeObject>[]): string[] {
  return changes.map(
    ({ name, before, after }) => `${name}: ${before?.metadata.uid ?? '-'} -> ${after?.metadata.uid ?? '-'}`,
  );
}

test('nothing that a cache hands out can be changed', () => {
  const store = new Store();
  store.put(objectOf({ name: 'a', uid: 'u1', version: 1, owners: ['o'] }));
  const stored = store.get('ns', 'a') as unknown as { metadata: { ownerReferences: { name: string }[] } };
  assert.throws(() => {
    stored.metadata.ownerReferences[0]!.name = 'other';
  }, TypeError);
  assert.throws(() => stored.metadata.ownerReferences.push({ name: 'more' }), TypeError);
});

test('managed fields are not kept', () => {
  const store = new Store();
  const object = objectOf({ name: 'a', uid: 'u1', version: 1 });
  store.put({ ...object, metadata: { ...object.metadata, managedFields: [{ manager: 'kubectl' }] } });
  assert.equal(store.get('ns', 'a')?.metadata.managedFields, undefined);
});

test('an object that was created again under its name is told as gone and as new', () => {
  const store = new Store();
  store.put(objectOf({ name: 'a', uid: 'u1', version: 1 }));
  assert.deepEqual(told(store.put(objectOf({ name: 'a', uid: 'u2', version: 5 }))), ['a: u1 -> -', 'a: - -> u2']);
});

test('a list tells what was deleted, changed and created since, and nothing of what is the same', () => {
  const store = new Store();
  for (const name of ['gone', 'same', 'changed']) store.put(objectOf({ name, uid: name, version: 1 }));
  const changes = store.replace([
    objectOf({ name: 'same', uid: 'same', version: 1 }),
    objectOf({ name: 'changed', uid: 'changed', version: 2 }),
    objectOf({ name: 'new', uid: 'new', version: 3 }),
  ]);
  assert.deepEqual(told(changes), ['gone: gone -> -', 'changed: changed -> changed', 'new: - -> new']);
});

test('the index of owners is that of a search through all, after any changes', () => {
  const facts = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    uid: fc.constantFrom('u1', 'u2'),
    version: fc.nat(5),
    owners: fc.uniqueArray(fc.constantFrom('x', 'y')),
  });
  const step = fc.oneof(
    fc.record({ put: facts }),
    fc.record({ remove: facts }),
    fc.record({ replace: fc.uniqueArray(facts, { selector: ({ name }) => name }) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const store = new Store();
      for (const it of steps) {
        if ('put' in it) store.put(objectOf(it.put));
        else if ('remove' in it) store.remove(objectOf(it.remove));
        else store.replace(it.replace.map(objectOf));
      }
      for (const owner of ['x', 'y']) {
        const searched = store
          .list()
          .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner));
        assert.deepEqual(new Set(store.ownedBy(owner)), new Set(searched));
      }
    }),
  );
});
