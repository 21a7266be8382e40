import assert from 'node:assert/strict';
import test from 'node:test';
import { REVISION_GAP, recoveryOperations, restoredRows } from './initial-state.ts';
import { del, FOUNDERS, pull, put, range, StoreUnderTest } from './testing/store-under-test.ts';

async function usedStore(): Promise<StoreUnderTest> {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([
    { kind: 'LeaseGrant', id: 7n, ttlSeconds: 60 },
    put('a', '1'),
    put('a', '2', { lease: 7n }),
    put('b', 'x'.repeat(2000)),
    put('c', '1'),
    del('c'),
  ]);
  await subject.store.writeOut();
  return subject;
}

async function assertCarriedOn(subject: StoreUnderTest, before: number): Promise<void> {
  const { store } = subject;
  assert.equal(store.revision, before + REVISION_GAP);
  const items = (await store.range(range('a', 'z'))).items;
  assert.deepEqual(
    items.map(({ key, value, lease }) => `${key} ${value.length} ${lease}`),
    ['a 1 7', 'b 2000 0'],
  );
  assert.deepEqual(await store.leaseKeys(7n), [Buffer.from('a')]);
  const resumed = store.watch({
    key: Buffer.from('a'),
    rangeEnd: null,
    startRevision: before + 1,
    returnPrevious: false,
  });
  await assert.rejects(pull(resumed, {}), { code: 'compacted', compactedRevision: before + REVISION_GAP });
  const { hash } = await store.hash(0);
  await subject.compactFully();
  assert.equal((await store.hash(0)).hash, hash);
  assert.equal(subject.engine.rows.filter(({ key }) => key[0] === 0x68).length, 2);
  const result = await subject.apply(put('a', '3', { returnPrevious: true }));
  assert.ok(result.kind === 'Put');
  assert.deepEqual([result.revision, result.previous?.modRevision], [before + REVISION_GAP + 1, 3]);
}

test('a survivor is the only voter of a new cluster, its revisions far above any it may have lost', async () => {
  const subject = await usedStore();
  const { revision, appliedIndex } = subject.store;
  await subject.engine.write(await recoveryOperations(subject.engine, { clusterId: 'c2', survivorId: 2 }));
  await subject.reopen();
  const { store } = subject;
  assert.deepEqual([store.clusterId, store.appliedIndex], ['c2', appliedIndex]);
  assert.deepEqual(store.membership, {
    configIndex: appliedIndex + 1,
    lastMemberId: 3,
    members: [FOUNDERS.members[1]],
    voters: [2],
    leaving: null,
  });
  await assertCarriedOn(subject, revision);
});

test('a survivor must be a member', async () => {
  const { engine } = await usedStore();
  await assert.rejects(recoveryOperations(engine, { clusterId: 'c2', survivorId: 9 }), /member 9/);
});

test('a snapshot restored begins a new cluster with the same keys and leases', async () => {
  const subject = await usedStore();
  const { revision } = subject.store;
  const membership = { ...FOUNDERS, members: FOUNDERS.members.slice(0, 1), voters: [1], lastMemberId: 1 };
  await subject.engine.write(await restoredRows(subject.engine, { clusterId: 'c3', membership }));
  await subject.reopen();
  const { store } = subject;
  assert.deepEqual([store.clusterId, store.appliedIndex, store.appliedTerm], ['c3', 1, 1]);
  assert.deepEqual(store.membership, membership);
  await assertCarriedOn(subject, revision);
});
