import assert from 'node:assert/strict';
import test from 'node:test';
import { REVISION_GAP, recoveryOperations, restoredRows } from './initial-state.ts';
import { currentKey, historyKey } from './row-keys.ts';
import { del, FOUNDERS, put, range, StoreUnderTest } from './testing/store-under-test.ts';
import type { Command, Result } from './types.ts';

const mark = (...members: number[]): Command => ({ kind: 'MarkCorrupt', members, isCorrupt: true });
const lift = (...members: number[]): Command => ({ kind: 'MarkCorrupt', members, isCorrupt: false });
const changed = (...members: number[]): Result => ({ kind: 'Corrupt', members });
const txn: Command = { kind: 'Txn', compares: [], success: [put('a', '2')], failure: [] };

test('while a member is marked, keys and leases stay as they are, and everything else goes on', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([{ kind: 'LeaseGrant', id: 7n, ttlSeconds: 60 }, put('a', '1', { lease: 7n })]);
  const { store } = subject;
  const { epoch } = store.lease(7n)!;
  assert.deepEqual(await subject.apply(mark(2)), changed(2));
  const { revision } = store;
  const refused: Command[] = [
    put('a', '2'),
    del('a'),
    txn,
    { kind: 'Compact', revision },
    { kind: 'LeaseGrant', id: 8n, ttlSeconds: 60 },
    { kind: 'LeaseRevoke', id: 7n },
    { kind: 'LeaseExpire', leases: [{ id: 7n, epoch }] },
  ];
  for (const result of await subject.applyAll(refused)) {
    assert.ok(result?.kind === 'Failed');
    assert.equal(result.code, 'corrupt');
    assert.match(result.message, /member 2 holds other keys/);
  }
  assert.deepEqual([store.revision, store.compactedRevision, [...store.leases()].length], [revision, 0, 1]);
  assert.deepEqual(await subject.values(range('a')), ['a=1']);
  const others: Command[] = [
    { kind: 'LeaseCheckpoint', leases: [{ id: 7n, remainingSeconds: 50 }] },
    { kind: 'ChangeAuth', change: { kind: 'AddUser', name: 'u', passwordHash: null } },
    { kind: 'RaiseFormat', format: 9 },
  ];
  for (const result of await subject.applyAll(others)) assert.notEqual(result?.kind, 'Failed');
  assert.deepEqual(await subject.apply(lift(2)), changed(2));
  for (const result of await subject.applyAll(refused.slice(0, 4))) assert.notEqual(result?.kind, 'Failed');
});

test('marks are of members and of nobody knows whom, outlive a restart, and say what has changed', async () => {
  const subject = await StoreUnderTest.found();
  assert.deepEqual(await subject.apply(mark(3, 0, 9)), changed(0, 3));
  assert.deepEqual(await subject.apply(mark(3, 1)), changed(1));
  await subject.reopen();
  assert.deepEqual(subject.store.corrupt, [0, 1, 3]);
  assert.deepEqual(await subject.apply(lift(2, 3)), changed(3));
  assert.deepEqual(await subject.apply(lift(0, 1)), changed(0, 1));
  await subject.reopen();
  assert.deepEqual(subject.store.corrupt, []);
  assert.equal((await subject.apply(put('a', '1'))).kind, 'Put');
});

test('the mark of a member goes with the member', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply(mark(2, 3));
  const remove = (id: number): Command => ({
    kind: 'ChangeMembership',
    expectedConfigIndex: subject.store.membership.configIndex,
    change: { kind: 'Remove', id },
  });
  assert.equal((await subject.apply(remove(2))).kind, 'Membership');
  assert.deepEqual(subject.store.corrupt, [3]);
  assert.equal((await subject.apply(remove(3))).kind, 'Membership');
  await subject.reopen();
  assert.deepEqual(subject.store.corrupt, []);
});

test('a refusal is no answer to remember: with its key the same write is carried out later', async () => {
  const subject = await StoreUnderTest.found();
  const idempotency = { key: 'k', fingerprint: Buffer.alloc(32) };
  await subject.apply(mark(0));
  assert.equal((await subject.apply(put('a', '1'), { idempotency })).kind, 'Failed');
  await subject.apply(lift(0));
  const first = await subject.apply(put('a', '1'), { idempotency });
  assert.equal(first.kind, 'Put');
  await subject.apply(mark(0));
  assert.deepEqual(await subject.apply(put('a', '1'), { idempotency }), first, 'what was done before is told');
});

test('founders of a restored cluster begin unmarked, a survivor keeps its own mark', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply(mark(1, 2));
  await subject.store.writeOut();
  await subject.engine.write(await recoveryOperations(subject.engine, { clusterId: 'c2', survivorId: 2 }));
  await subject.reopen();
  assert.deepEqual(subject.store.corrupt, [2]);
  await subject.engine.write(await restoredRows(subject.engine, { clusterId: 'c3', membership: FOUNDERS }));
  await subject.reopen();
  assert.deepEqual(subject.store.corrupt, []);
  assert.ok(subject.store.revision > 2 * REVISION_GAP);
});

test('a row that was changed, lost or invented makes another hash, whether it is small, large, or not current any more', async () => {
  const used = async (): Promise<StoreUnderTest> => {
    const subject = await StoreUnderTest.found();
    // Revisions 2 to 5, and what the revision 5 is asked for afterwards: `c` was changed since, `d` deleted.
    await subject.applyAll([put('a', '1'), put('b', 'x'.repeat(3000)), put('c', 'old'), put('d', 'gone')]);
    await subject.applyAll([put('c', 'new'), put('c', 'newer'), del('d'), put('e', 'later')]);
    await subject.store.writeOut();
    return subject;
  };
  const hashOf = async (subject: StoreUnderTest): Promise<string> => (await subject.store.hash(5)).hash;
  const sound = await hashOf(await used());
  assert.equal(await hashOf(await used()), sound);
  const flip = async ({ engine }: StoreUnderTest, key: Buffer): Promise<void> => {
    const value = Buffer.from((await engine.get(key))!);
    value[value.length - 1]! ^= 1;
    await engine.write([{ kind: 'Put', key, value }]);
  };
  const damages: readonly ((subject: StoreUnderTest) => Promise<void>)[] = [
    (subject) => flip(subject, currentKey(Buffer.from('a'))),
    (subject) => flip(subject, historyKey(3, 0)),
    (subject) => flip(subject, historyKey(4, 0)),
    (subject) => flip(subject, historyKey(5, 0)),
    ({ engine }) => engine.write([{ kind: 'Delete', key: currentKey(Buffer.from('a')) }]),
    async ({ engine }) =>
      engine.write([
        { kind: 'Put', key: currentKey(Buffer.from('z')), value: (await engine.get(currentKey(Buffer.from('a'))))! },
      ]),
  ];
  for (const [n, damage] of damages.entries()) {
    const subject = await used();
    await damage(subject);
    assert.notEqual(await hashOf(subject), sound, `damage ${n}`);
  }
});
