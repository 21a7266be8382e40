import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { MAX_ANSWER_BYTES } from './answer-bytes.ts';
import { keyCommands, txns } from './testing/arbitraries.ts';
import { del, put, range, StoreUnderTest, span } from './testing/store-under-test.ts';
import type { Compare, Result, Txn, TxnOperation } from './types.ts';
import { MAX_TXN_OPERATIONS, validate } from './validate.ts';

function txn(success: TxnOperation[], compares: Compare[] = [], failure: TxnOperation[] = []): Txn {
  return { kind: 'Txn', compares, success, failure };
}

function modIs(key: string, number: number, end: string | null = null): Compare {
  return { ...span(key, end), comparison: 'Equal', target: 'Mod', number };
}

function codeOf(result: Result | null): string {
  return result?.kind === 'Failed' ? result.code : 'ok';
}

test('a transaction takes one revision for all that it writes, and none for reading', async () => {
  const subject = await StoreUnderTest.found();
  const result = await subject.apply(txn([put('a', '1'), range('a'), txn([put('b', '2')]), del('x')]));
  assert.ok(result.kind === 'Txn');
  assert.equal(result.revision, 2);
  const [, read, nested, nothing] = result.results;
  assert.ok(read?.kind === 'Range' && nested?.kind === 'Txn' && nothing?.kind === 'DeleteRange');
  assert.deepEqual([read.revision, read.items[0]?.modRevision, nested.revision, nothing.revision], [2, 2, 2, 2]);
  await subject.apply(txn([range('a'), del('x')]));
  assert.equal(subject.store.revision, 2);
});

test('nested compares too see the state before the transaction', async () => {
  const subject = await StoreUnderTest.found();
  const inner = txn([put('c', 'unseen')], [modIs('a', 0)], [put('c', 'seen')]);
  const result = await subject.apply(txn([put('a', '1'), inner]));
  assert.ok(result.kind === 'Txn');
  assert.deepEqual(await subject.values(range('c')), ['c=unseen']);
});

test('a compare over a range holds when every key satisfies it; an empty range compares as zeros', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([put('a1', 'x'), put('a2', 'x')]);
  const holds = async (compare: Compare): Promise<boolean> => {
    const result = await subject.apply(txn([], [compare]));
    assert.ok(result.kind === 'Txn');
    return result.succeeded;
  };
  const value = (key: string, end: string | null, text: string): Compare => ({
    ...span(key, end),
    comparison: 'Equal',
    target: 'Value',
    value: Buffer.from(text),
  });
  assert.equal(await holds(value('a', 'b', 'x')), true);
  assert.equal(await holds(value('a', 'b', 'y')), false);
  assert.equal(await holds(modIs('a', 2, 'b')), false);
  assert.equal(await holds(modIs('z', 0, 'zz')), true);
  assert.equal(await holds(value('z', 'zz', '')), false);
  assert.equal(await holds(value('z', null, '')), false);
});

test('what refuses a transaction refuses all of it, wherever it stands', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([put('a', '1'), put('a', '2'), { kind: 'Compact', revision: 3 }]);
  const rows = subject.engine.rows.filter(({ key }) => key[0] !== 0x6d);
  const refusals: [TxnOperation, string][] = [
    [range('a', null, { revision: 2 }), 'compacted'],
    [range('a', null, { revision: 4 }), 'future_revision'],
    [put('b', '1', { lease: 9n }), 'lease_not_found'],
    [put('b', '', { ignoreValue: true }), 'key_not_found'],
    [put('b', '', { ignoreLease: true }), 'key_not_found'],
    [put('c', '3'), 'duplicate_key'],
    [del('a', 'd'), 'duplicate_key'],
  ];
  for (const [operation, code] of refusals) {
    assert.equal(codeOf(await subject.apply(txn([put('c', '1'), operation]))), code);
    assert.equal(codeOf(await subject.apply(txn([put('c', '1'), txn([operation])]))), code);
  }
  assert.deepEqual(
    subject.engine.rows.filter(({ key }) => key[0] !== 0x6d),
    rows,
  );
  assert.equal(subject.store.revision, 3);
});

test('the branch that does not run refuses nothing but what is wrong in itself', async () => {
  const subject = await StoreUnderTest.found();
  assert.equal(codeOf(await subject.apply(txn([], [], [range('a', null, { revision: 99 })]))), 'ok');
  assert.equal(codeOf(await subject.apply(txn([], [], [put('a', '1'), put('a', '2')]))), 'duplicate_key');
});

test('two branches may write the same key, what is outside of them may not', () => {
  assert.equal(validate(txn([put('a', '1')], [], [put('a', '2')])), null);
  assert.equal(validate(txn([txn([put('a', '1')], [], [put('a', '2')])])), null);
  assert.equal(validate(txn([del('a'), del('a', 'b')])), null);
  assert.equal(validate(txn([put('a', '1'), txn([], [], [put('a', '2')])]))?.code, 'duplicate_key');
  assert.equal(validate(txn([txn([del('a', 'c')]), put('b', '1')]))?.code, 'duplicate_key');
  assert.equal(validate(txn([txn([put('a', '1')]), txn([put('a', '1')])]))?.code, 'duplicate_key');
});

test('operations are counted along each way down', () => {
  const many = (count: number): TxnOperation[] => Array.from({ length: count }, (_, n) => range(`k${n}`));
  assert.equal(validate(txn(many(MAX_TXN_OPERATIONS))), null);
  assert.equal(validate(txn(many(MAX_TXN_OPERATIONS + 1)))?.code, 'invalid_request');
  assert.equal(validate(txn([txn(many(MAX_TXN_OPERATIONS - 1))])), null);
  assert.equal(validate(txn([txn(many(MAX_TXN_OPERATIONS))]))?.code, 'invalid_request');
  let deep = txn([]);
  for (let depth = 0; depth < MAX_TXN_OPERATIONS; depth += 1) deep = txn([deep]);
  assert.equal(validate(deep), null);
  assert.equal(validate(txn([deep]))?.code, 'invalid_request');
});

test('commands that say nonsense are refused at the door', () => {
  const nonsense = [
    put('', 'x'),
    put('a', 'x', { ignoreValue: true }),
    put('a', '', { ignoreLease: true, lease: 1n }),
    put('a', '', { lease: 2n ** 63n }),
    del('a', ''),
    range('a', null, { revision: -1 }),
    range('a', null, { limit: 1.5 }),
    txn([], [modIs('a', -1)]),
    txn([], [modIs('', 1)]),
    { kind: 'LeaseGrant', id: 0n, ttlSeconds: 1 } as const,
    { kind: 'LeaseGrant', id: 1n, ttlSeconds: 0 } as const,
    { kind: 'LeaseGrant', id: 1n, ttlSeconds: 9_000_000_001 } as const,
    { kind: 'Compact', revision: -1 } as const,
  ];
  for (const command of nonsense) assert.equal(validate(command)?.code, 'invalid_request');
});

test('a write that would answer more than every member should hold is refused, and writes nothing', async () => {
  const subject = await StoreUnderTest.found();
  const value = 'x'.repeat(MAX_ANSWER_BYTES / 16);
  await subject.applyAll(Array.from({ length: 8 }, (_, n) => put(`a${n}`, value)));
  const all = range('a', 'b');
  const { revision } = subject.store;
  // Half of the limit, and the keys: once fits, twice does not.
  const tooMuch: Txn[] = [
    txn([all, put('z', ''), all]),
    txn([put('z', ''), all, txn([all])]),
    txn([put('z', ''), all, { ...del('a', 'b'), returnPrevious: true }]),
    txn([all, ...Array.from({ length: 8 }, (_, n) => range(`a${n}`))]),
    txn([all, ...Array.from({ length: 8 }, (_, n) => put(`a${n}`, '', { returnPrevious: true }))]),
    txn([...Array.from({ length: 8 }, (_, n) => put(`b${n}`, value)), range('a', 'c')]),
  ];
  for (const one of tooMuch) assert.equal(codeOf(await subject.apply(one)), 'too_large');
  assert.equal(subject.store.revision, revision);
  for (const n of [0, 3]) assert.equal(codeOf(await subject.store.read(readsOf(tooMuch[n]!))), 'too_large');
  const fitting = [txn([all, range('a', 'b', { keysOnly: true }), range('a', 'b', { countOnly: true })])];
  fitting.push(txn([all, range('a', 'b', { limit: 7 })]), txn([put('z', ''), all]));
  for (const one of fitting) assert.equal(codeOf(await subject.apply(one)), 'ok');

  await subject.applyAll(Array.from({ length: 8 }, (_, n) => put(`b${n}`, value)));
  assert.equal(codeOf(await subject.apply({ ...del('a', 'c'), returnPrevious: true })), 'too_large');
  assert.equal(codeOf(await subject.apply({ ...del('a', 'b'), returnPrevious: true })), 'ok');
  assert.equal(codeOf(await subject.apply(del('b', 'c'))), 'ok');
});

test('a transaction that only reads says the same beside the log as in it', async () => {
  const before = fc.array(keyCommands, { maxLength: 12 });
  const reads = txns.map(readsOf);
  await fc.assert(
    fc.asyncProperty(before, before, reads, async (commands, later, read) => {
      const subject = await StoreUnderTest.found();
      await subject.applyAll(commands);
      const beside = await subject.store.read(read);
      assert.deepEqual(beside, await subject.apply(read));
      await subject.applyAll(later);
      const again = await subject.store.read(read);
      assert.deepEqual(again, await subject.apply(read));
    }),
  );
});

test('what would write is not read beside the log', async () => {
  const { store } = await StoreUnderTest.found();
  assert.throws(() => store.read(txn([txn([], [], [put('a', '1')])])), /only the log/);
});

function readsOf({ compares, success, failure }: Txn): Txn {
  const reads = (operations: readonly TxnOperation[]): TxnOperation[] =>
    operations.flatMap((operation): TxnOperation[] => {
      if (operation.kind === 'Range') return [operation];
      return operation.kind === 'Txn' ? [readsOf(operation)] : [];
    });
  return { kind: 'Txn', compares, success: reads(success), failure: reads(failure) };
}
