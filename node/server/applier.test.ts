import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { EntryKind } from '../raft/types.ts';
import { encodeProposal } from '../store/codec.ts';
import { Store } from '../store/store.ts';
import { foundedEngine, put, range, STORE_OPTIONS, StoreUnderTest } from '../store/testing/store-under-test.ts';
import type { Txn } from '../store/types.ts';
import { Applier } from './applier.ts';
import { silentObserver } from './observer.ts';
import { ManualClock } from './testing/manual-clock.ts';

test('after an entry that cannot be applied nothing runs any more, and nobody waits', async () => {
  const failures: unknown[] = [];
  const store = await Store.open(await foundedEngine(), STORE_OPTIONS);
  const applier = new Applier(store, new ManualClock(), silentObserver, {
    applied: () => assert.fail('nothing was applied'),
    configurationApplied: async () => {},
    fatal: (error) => failures.push(error),
  });
  applier.apply([{ index: 2, term: 1, kind: EntryKind.Normal, data: Buffer.from([255, 0, 0]) }]);
  const waiting = applier.between(async () => assert.fail('the state is not that of a whole batch'));
  await assert.rejects(waiting, /255/);
  await assert.rejects(
    applier.between(async () => {}),
    /255/,
  );
  assert.equal(failures.length, 1);
  await applier.stop();
});

test('answers of one batch stay within bounds: what follows waits for the next, and all are answered in order', async () => {
  const subject = await StoreUnderTest.found();
  const value = 'x'.repeat(1 << 20);
  for (let n = 0; n < 10; n += 1) await subject.apply(put(`k${n}`, value));
  const batches: number[][] = [];
  const applier = new Applier(subject.store, new ManualClock(), silentObserver, {
    applied: (entries, results) => {
      assert.equal(results.length, entries.length);
      for (const result of results) assert.equal(result?.kind === 'Txn' && result.results[0]?.kind, 'Range');
      batches.push(entries.map(({ index }) => index));
    },
    configurationApplied: async () => {},
    fatal: assert.fail,
  });
  const all: Txn = { kind: 'Txn', compares: [], success: [range('k', 'l')], failure: [] };
  const first = subject.store.appliedIndex + 1;
  const data = encodeProposal({ origin: 1, sequence: 1, timeMs: 0, idempotency: null, command: all });
  applier.apply(Array.from({ length: 5 }, (_, n) => ({ index: first + n, term: 1, kind: EntryKind.Normal, data })));
  await applier.between(async () => {});
  while (applier.isApplying) await setImmediate();
  assert.deepEqual(batches, [[first, first + 1], [first + 2, first + 3], [first + 4]]);
});
