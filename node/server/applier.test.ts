import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EntryKind } from '../raft/types.ts';
import { Store } from '../store/store.ts';
import { foundedEngine, STORE_OPTIONS } from '../store/testing/store-under-test.ts';
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
