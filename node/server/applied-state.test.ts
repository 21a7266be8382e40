import assert from 'node:assert/strict';
import test from 'node:test';
import { type Entry, EntryKind } from '../raft/types.ts';
import type { DataFolder, DurableConfiguration, RaftLog } from '../storage/types.ts';
import { encodeProposal } from '../store/codec.ts';
import type { Engine } from '../store/engine.ts';
import { Store } from '../store/store.ts';
import { entry, foundedEngine, put, STORE_OPTIONS } from '../store/testing/store-under-test.ts';
import { AppliedState } from './applied-state.ts';
import type { IncomingSnapshots } from './incoming-snapshot.ts';
import { LogWriter } from './log-writer.ts';
import { type Observer, silentObserver } from './observer.ts';
import { ManualClock } from './testing/manual-clock.ts';

async function founded(
  observed: Partial<Observer> = {},
  recordConfiguration: (configuration: DurableConfiguration) => Promise<void> = async () => {},
) {
  const engine = await foundedEngine();
  const store = await Store.open(engine, STORE_OPTIONS);
  const clock = new ManualClock();
  const state = new AppliedState(
    {
      folder: { engine, installSnapshot: () => stateAt(9) } as unknown as DataFolder,
      clusterId: 'c1',
      clock,
      observer: { ...silentObserver, ...observed },
      storeOptions: STORE_OPTIONS,
      events: {
        applied: () => {},
        recordConfiguration,
        membershipApplied: () => {},
        snapshotInstalled: () => {},
        fatal: (error) => assert.fail(String(error)),
      },
    },
    store,
    store.membership,
  );
  return { engine, store, clock, state };
}

/** What a snapshot brings. */
async function stateAt(index: number): Promise<Engine> {
  const engine = await foundedEngine();
  const store = await Store.open(engine, STORE_OPTIONS);
  for (let next = store.appliedIndex + 1; next <= index; next++) await store.apply([entry(next, put('k', `${next}`))]);
  await store.writeOut();
  return engine;
}

/** As the log has it, with a value of this size. */
function logged(index: number, sizeBytes: number): Entry {
  const proposal = {
    origin: 1,
    sequence: index,
    timeMs: 0,
    idempotency: null,
    command: put(`k${index}`, 'x'.repeat(sizeBytes)),
  };
  return { term: 1, index, kind: EntryKind.Normal, data: encodeProposal(proposal) };
}

test('an engine that takes long for a write is timed once, however often it is asked for meanwhile', async () => {
  const took: number[] = [];
  const { engine, store, clock, state } = await founded({ wroteOut: (seconds) => void took.push(seconds) });
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

const LIMIT_TICKS = 10;

function ticksUntilStalled(state: AppliedState, most: number): number {
  for (let ticks = 1; ticks <= most; ticks++) if (state.tick(LIMIT_TICKS)) return ticks;
  return Number.POSITIVE_INFINITY;
}

test('it is stalled once nothing was applied for so long because the engine takes nothing, and no longer once it does', async () => {
  const { engine, store, state } = await founded();
  const stalled = Promise.withResolvers<void>();
  engine.beforeWrite = () => stalled.promise;
  const apply = async (index: number, sizeBytes: number): Promise<void> => {
    state.apply([logged(index, sizeBytes)]);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  await apply(2, 700_000);
  state.writeOut();
  await apply(3, 1000);
  assert.equal(store.appliedIndex, 3);
  assert.equal(ticksUntilStalled(state, 100), Number.POSITIVE_INFINITY, 'nothing waits for it');
  await apply(4, 700_000);
  await apply(5, 700_000);
  await apply(6, 1);
  const { appliedIndex } = store;
  assert.ok(appliedIndex < 6, 'there is no room for more');
  assert.equal(ticksUntilStalled(state, 100), LIMIT_TICKS);
  stalled.resolve();
  await store.writeOut();
  while (store.appliedIndex < 6) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(state.tick(LIMIT_TICKS), false);
  await state.stop();
});

test('a large write may take longer than a small one', async () => {
  const { engine, store, state } = await founded();
  const stalled = Promise.withResolvers<void>();
  engine.beforeWrite = () => stalled.promise;
  const size = 9 << 20;
  state.apply([logged(2, size)]);
  while (store.appliedIndex < 2) await new Promise((resolve) => setImmediate(resolve));
  state.writeOut();
  state.apply([logged(3, size), logged(4, 1), logged(5, 1)]);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(ticksUntilStalled(state, 1000) >= 3 * LIMIT_TICKS);
  stalled.resolve();
  while (store.appliedIndex < 5) await new Promise((resolve) => setImmediate(resolve));
  await state.stop();
});

test('a snapshot is installed though a change of membership was being applied when it was accepted', async () => {
  const { state } = await founded({}, (configuration) => writer.recordConfiguration(configuration));
  const incoming = { take: () => ({ installed: () => {} }) } as unknown as IncomingSnapshots;
  const log = { append: async () => {} } as unknown as RaftLog;
  const writer = new LogWriter(log, new ManualClock(), silentObserver, {
    appended: () => {},
    install: (snapshot, hardState) => state.install(incoming, snapshot.index, hardState!),
    fatal: (error) => assert.fail(String(error)),
  });
  const change = { kind: 'AddLearner', name: 'n4', peerAddress: 'n4:1', incarnation: 'i4' } as const;
  const command = { kind: 'ChangeMembership', expectedConfigIndex: 1, change } as const;
  const data = encodeProposal({ origin: 1, sequence: 2, timeMs: 0, idempotency: null, command });
  state.apply([{ term: 1, index: 2, kind: EntryKind.Configuration, data }]);
  state.snapshotAccepted();
  writer.append({
    hardState: { term: 1, vote: 0, commit: 9 },
    entries: [],
    snapshot: { index: 9, term: 1, configuration: { voters: [1, 2, 3], leaving: null, learners: [] } },
    replies: [],
    token: { lastIndex: 9, lastTerm: 1, snapshotIndex: 9, sequence: 1 },
  });
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(state.appliedIndex, 9);
  await writer.stop();
  await state.stop();
});
