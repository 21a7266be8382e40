import assert from 'node:assert/strict';
import test from 'node:test';
import { ByteWriter } from './byte-writer.ts';
import { DamagedRecord } from './errors.ts';
import { Store } from './store.ts';
import { MemoryEngine } from './testing/memory-engine.ts';
import { del, entry, FOUNDERS, put, range, STORE_OPTIONS, StoreUnderTest, span } from './testing/store-under-test.ts';

test('the empty store has revision 1, and a first put makes it 2', async () => {
  const { store, ...subject } = await StoreUnderTest.found();
  assert.equal(store.revision, 1);
  assert.deepEqual([store.appliedIndex, store.appliedTerm, store.clusterId, store.format], [1, 1, 'c1', 1]);
  assert.deepEqual(store.membership, FOUNDERS);
  const [result] = await store.apply([entry(2, put('a', '1'))]);
  assert.deepEqual(result, { kind: 'Put', revision: 2, previous: null });
  assert.equal(subject.engine.openSnapshots, 0);
});

test('entries must follow each other', async () => {
  const { store } = await StoreUnderTest.found();
  await store.apply([entry(2, null)]);
  assert.equal(store.appliedIndex, 2);
  await assert.rejects(store.apply([entry(2, put('a', '1'))]), /invariant/);
  await assert.rejects(store.apply([entry(4, put('a', '1'))]), /invariant/);
  await assert.rejects(store.apply([{ ...entry(3, null), term: 0 }]), /invariant/);
  await assert.rejects(store.apply([{ ...entry(3, put('a', '1')), isConfiguration: true }]), /invariant/);
  assert.deepEqual(await store.apply([]), []);
});

test('an engine without a state, or with a damaged one, does not open', async () => {
  const engine = new MemoryEngine();
  await assert.rejects(Store.open(engine, STORE_OPTIONS), DamagedRecord);
  const { engine: founded } = await StoreUnderTest.found();
  const writer = new ByteWriter(1);
  writer.u8(9);
  await founded.write([{ kind: 'Put', key: founded.rows[0]!.key, value: writer.finish() }]);
  await assert.rejects(Store.open(founded, STORE_OPTIONS), DamagedRecord);
});

test('what is applied is read, watched and counted before the engine has it', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([put('a', '0'), put('b', '0')]);
  const watch = subject.store.watch({ ...span('a', 'c'), startRevision: 0, returnPrevious: false });
  let writes = 0;
  subject.engine.beforeWrite = async () => {
    writes += 1;
  };
  await subject.applyAll([put('a', '1'), put('b', '1'), put('a', '2')]);
  assert.deepEqual(await subject.values(range('a')), ['a=2']);
  const seen: string[] = [];
  for await (const { events } of watch) {
    seen.push(...events.map(({ item }) => `${item.value}`));
    if (seen.length >= 3) break;
  }
  assert.deepEqual([seen, subject.store.revision, writes], [['1', '1', '2'], 6, 0]);
  assert.deepEqual(await subject.values(range('a', 'c')), ['a=2', 'b=1']);
  assert.equal(writes, 1);
  await subject.store.writeOut();
  assert.equal(writes, 1);
});

test('a key is overwritten with what memory alone knows of it, also while that is on its way to the engine', async () => {
  const subject = await StoreUnderTest.found();
  const large = 'x'.repeat(5000);
  await subject.apply(put('a', large));
  const inEngine = Promise.withResolvers<void>();
  subject.engine.beforeWrite = () => inEngine.promise;
  const writing = subject.store.writeOut();
  const replaced = subject.apply(put('a', '2'));
  const returned = subject.apply.bind(subject, put('a', '3', { returnPrevious: true }));
  assert.deepEqual(await replaced, { kind: 'Put', revision: 3, previous: null });
  inEngine.resolve();
  await writing;
  const last = await returned();
  assert.ok(last.kind === 'Put' && last.previous !== null);
  assert.deepEqual([`${last.previous.value}`, last.previous.version], ['2', 2]);
  await subject.reopen();
  assert.deepEqual(await subject.values(range('a')), ['a=3']);
});

test('a store whose engine is slow holds only so much', async () => {
  const subject = await StoreUnderTest.found();
  const inEngine = Promise.withResolvers<void>();
  subject.engine.beforeWrite = () => inEngine.promise;
  let applied = 0;
  const applying = (async () => {
    for (let n = 0; n < 8; n += 1) {
      await subject.apply(put(`k${n}`, 'x'.repeat(600_000)));
      applied += 1;
    }
  })();
  await new Promise(setImmediate);
  assert.equal(applied, 2);
  inEngine.resolve();
  await applying;
  assert.equal(applied, 8);
});

test('when a write to the engine has failed, nothing is applied or read from it any more', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply(put('a', '1'));
  subject.engine.write = async () => {
    throw new Error('no space left');
  };
  await assert.rejects(subject.store.writeOut(), /no space left/);
  await assert.rejects(subject.store.writeOut(), /no space left/);
  await assert.rejects(subject.values(range('a', 'b')), /no space left/);
});

test('reads of single keys go to the engine together, and those of hot keys not at all', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([put('a', '1'), put('b', 'x'.repeat(5000))]);
  await subject.reopen();
  let trips = 0;
  const { getMany } = subject.engine;
  subject.engine.getMany = (keys) => {
    trips += 1;
    return getMany.call(subject.engine, keys);
  };
  const reads = ['a', 'b', 'c', 'a'].flatMap((key) => [range(key), range(key, null, { keysOnly: true })]);
  const results = await Promise.all(reads.map((read) => subject.store.range(read)));
  assert.deepEqual(
    results.map(({ items, count }) => `${count} ${items.map(({ value }) => value.length)}`),
    ['1 1', '1 0', '1 5000', '1 0', '0 ', '0 ', '1 1', '1 0'],
  );
  assert.equal(trips, 2);
  const many = await Promise.all(Array.from({ length: 1000 }, () => subject.store.range(range('a'))));
  assert.ok(many.every(({ count }) => count === 1));
  assert.equal(trips, 2);
});

test('pages at one revision count what follows once, whatever is written meanwhile', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll(Array.from({ length: 20 }, (_, n) => put(`k${10 + n}`, 'v')));
  const read: string[] = [];
  let start = 'k';
  let revision = 0;
  for (;;) {
    const page = await subject.store.range(range(start, 'l', { limit: 6, revision }));
    read.push(`${page.items.length} of ${page.count}`);
    if (!page.more) break;
    if (revision === 0) revision = page.revision;
    start = `${page.items.at(-1)!.key}\0`;
    await subject.applyAll([del('k25'), put('k2x', 'new'), put('k27', 'changed')]);
    assert.equal((await subject.store.range(range('k', 'k29', { limit: 1 }))).count, 18);
  }
  assert.deepEqual(read, ['6 of 20', '6 of 14', '6 of 8', '2 of 2']);
});

test('the revision told with a key is not newer than the value', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply(put('a', '1'));
  const { getMany } = subject.engine;
  subject.engine.getMany = async (keys) => {
    subject.engine.getMany = getMany;
    const rows = await getMany.call(subject.engine, keys);
    await subject.apply(put('a', '2'));
    return rows;
  };
  const { items, revision } = await subject.store.range(range('a'));
  assert.deepEqual([`${items[0]?.value}`, revision], ['1', 2]);
});

test('a failed trip rejects its reads and no others', async () => {
  const subject = await StoreUnderTest.found();
  const { getMany } = subject.engine;
  subject.engine.getMany = () => Promise.reject(new Error('broken'));
  await assert.rejects(subject.store.range(range('a')), /broken/);
  subject.engine.getMany = getMany;
  assert.equal((await subject.store.range(range('a'))).count, 0);
});

test('a large value that goes between two trips is read anew', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply(put('a', 'x'.repeat(2000)));
  const { getMany } = subject.engine;
  subject.engine.getMany = async (keys) => {
    subject.engine.getMany = getMany;
    const rows = await getMany.call(subject.engine, keys);
    await subject.applyAll([put('a', 'new'), { kind: 'Compact', revision: 3 }]);
    await subject.compactFully();
    return rows;
  };
  const { items, revision } = await subject.store.range(range('a'));
  assert.deepEqual([`${items[0]?.value}`, revision], ['new', 3]);
});

test('compaction at the boundary: that revision reads, the one before does not, the next is to come', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([put('a', '1'), del('a'), put('a', '2')]);
  const compact = async (revision: number): Promise<string> => {
    const result = await subject.apply({ kind: 'Compact', revision });
    return result.kind === 'Failed' ? result.code : result.kind;
  };
  assert.equal(await compact(5), 'future_revision');
  assert.equal(await compact(3), 'Compact');
  assert.equal(await compact(3), 'compacted');
  await subject.compactFully();
  await subject.reopen();
  assert.deepEqual(await subject.values(range('a', null, { revision: 3 })), []);
  assert.deepEqual(await subject.values(range('a', null, { revision: 4 })), ['a=2']);
  await assert.rejects(subject.store.range(range('a', null, { revision: 2 })), {
    code: 'compacted',
    compactedRevision: 3,
  });
  await assert.rejects(subject.store.range(range('a', null, { revision: 5 })), { code: 'future_revision' });
  await assert.rejects(subject.store.hash(2), { code: 'compacted' });
});

test('compaction runs beside apply without two writes at once', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll(Array.from({ length: 50 }, (_, n) => put('a', `${n}`)));
  await subject.apply({ kind: 'Compact', revision: 40 });
  const compacting = subject.compactFully(2);
  for (let n = 0; n < 20; n += 1) await subject.apply(put('b', `${n}`));
  await compacting;
  assert.deepEqual(await subject.values(range('a', 'c')), ['a=49', 'b=19']);
});

test('revoking and expiring leases deletes their keys in one revision, in order', async () => {
  const subject = await StoreUnderTest.found();
  const grant = (id: bigint) => ({ kind: 'LeaseGrant', id, ttlSeconds: 60 }) as const;
  await subject.applyAll([grant(1n), grant(2n), grant(3n)]);
  await subject.applyAll([
    put('c', '', { lease: 1n }),
    put('a', '', { lease: 2n }),
    put('b', '', { lease: 1n }),
    put('d', '', { lease: 3n }),
  ]);
  assert.deepEqual(await subject.store.leaseKeys(1n), [Buffer.from('b'), Buffer.from('c')]);
  const watch = subject.store.watch({
    key: Buffer.from('a'),
    rangeEnd: Buffer.from('z'),
    startRevision: 0,
    returnPrevious: false,
  });
  const epochs = [1n, 2n].map((id) => ({ id, epoch: subject.store.lease(id)!.epoch }));
  const stale = { id: 3n, epoch: subject.store.lease(3n)!.epoch - 1 };
  const result = await subject.apply({ kind: 'LeaseExpire', leases: [...epochs, stale, { id: 9n, epoch: 1 }] });
  assert.deepEqual(result, { kind: 'Leases', revision: 6, affected: [1n, 2n] });
  for await (const { revision, events } of watch) {
    assert.deepEqual([revision, events.map(({ item }) => `${item.key}`)], [6, ['a', 'b', 'c']]);
    break;
  }
  assert.deepEqual(
    [...subject.store.leases()].map(({ id }) => id),
    [3n],
  );
  assert.equal(subject.store.lease(1n), null);
});

test('a lease granted anew is safe from the expiry of the old one', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply({ kind: 'LeaseGrant', id: 1n, ttlSeconds: 60 });
  const { epoch } = subject.store.lease(1n)!;
  await subject.applyAll([
    { kind: 'LeaseRevoke', id: 1n },
    { kind: 'LeaseGrant', id: 1n, ttlSeconds: 60 },
    { kind: 'LeaseExpire', leases: [{ id: 1n, epoch }] },
  ]);
  assert.notEqual(subject.store.lease(1n), null);
});

test('the format rises and never falls', async () => {
  const subject = await StoreUnderTest.found();
  assert.deepEqual(await subject.apply({ kind: 'RaiseFormat', format: 3 }), { kind: 'Format', format: 3 });
  assert.deepEqual(await subject.apply({ kind: 'RaiseFormat', format: 2 }), { kind: 'Format', format: 3 });
  await subject.reopen();
  assert.equal(subject.store.format, 3);
});

test('a joint change is left by an entry without a command, and is there after a restart', async () => {
  const subject = await StoreUnderTest.found();
  const { store } = subject;
  const change = (expectedConfigIndex: number, voters: number[]) =>
    ({ kind: 'ChangeMembership', expectedConfigIndex, change: { kind: 'ReplaceVoters', voters } }) as const;
  await store.apply([entry(2, change(1, [1]))]);
  assert.deepEqual(store.membership.leaving, [1, 2, 3]);
  const [left] = await store.apply([{ ...entry(3, null), isConfiguration: true }]);
  assert.deepEqual(left, { kind: 'Membership', membership: store.membership, id: 0 });
  await subject.reopen();
  assert.deepEqual(
    [subject.store.membership.configIndex, subject.store.membership.voters, subject.store.membership.leaving],
    [3, [1], null],
  );
  const [again] = await subject.store.apply([{ ...entry(4, null), isConfiguration: true }]);
  assert.deepEqual(again, left);
});

test('after a restart the count of a page of the past is that of the past', async () => {
  const subject = await StoreUnderTest.found();
  for (const key of ['a1', 'a2', 'a3', 'a4']) await subject.apply(put(key, 'x'));
  await subject.reopen();
  for (const [key, end] of [
    ['a', 'b'],
    ['\0', '\0'],
  ] as const) {
    const page = (revision: number) => subject.store.range(range(key, end, { limit: 1, revision }));
    assert.equal((await page(0)).count, 4);
    assert.equal((await page(3)).count, 2);
    await subject.apply(put(`a${key}`, 'x'));
    assert.equal((await page(3)).count, 2);
    await subject.apply(del(`a${key}`));
  }
});
