import assert from 'node:assert/strict';
import test from 'node:test';
import type { DataFolder } from '../storage/types.ts';
import { Store } from '../store/store.ts';
import { entry, foundedEngine, put, STORE_OPTIONS } from '../store/testing/store-under-test.ts';
import { AppliedState } from './applied-state.ts';
import { silentObserver } from './observer.ts';
import { ManualClock } from './testing/manual-clock.ts';

test('an engine that takes long for a write is timed once, however often it is asked for meanwhile', async () => {
  const engine = await foundedEngine();
  const store = await Store.open(engine, STORE_OPTIONS);
  const took: number[] = [];
  const clock = new ManualClock();
  const state = new AppliedState(
    {
      folder: { engine } as unknown as DataFolder,
      clusterId: 'c1',
      clock,
      observer: { ...silentObserver, wroteOut: (seconds) => void took.push(seconds) },
      storeOptions: STORE_OPTIONS,
      events: {
        applied: () => {},
        recordConfiguration: async () => {},
        membershipApplied: () => {},
        snapshotInstalled: () => {},
        fatal: (error) => assert.fail(String(error)),
      },
    },
    store,
    store.membership,
  );
  const stalled = Promise.withResolvers<void>();
  engine.beforeWrite = () => stalled.promise;
  await store.apply([entry(2, put('a', '1'))]);
  for (let n = 0; n < 20; n += 1) {
    state.writeOut();
    clock.advance(50);
  }
  stalled.resolve();
  await store.writeOut();
  await state.stop();
  assert.deepEqual(took, [1]);
});
