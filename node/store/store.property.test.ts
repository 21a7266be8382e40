import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { StoreError } from './errors.ts';
import { rangeOf } from './range-of.ts';
import { positionOfHistory } from './row-keys.ts';
import { decodeEvent, type StoredEvent } from './row-values.ts';
import { Store } from './store.ts';
import { keyProposals, rangesAt, watches } from './testing/arbitraries.ts';
import type { MemoryEngine } from './testing/memory-engine.ts';
import { Model } from './testing/model.ts';
import { entry, foundedEngine, pullFrom, STORE_OPTIONS, StoreUnderTest } from './testing/store-under-test.ts';
import type { CommittedEntry, Proposal, Range, RangeResult, Result, Watch, WatchBatch, WatchOptions } from './types.ts';

type Step =
  | { readonly kind: 'Apply'; readonly proposals: readonly Pick<Proposal, 'command' | 'idempotency'>[] }
  | { readonly kind: 'Reopen' }
  | { readonly kind: 'CompactSome'; readonly maxRows: number };

const batches = fc.array(keyProposals, { minLength: 1, maxLength: 8 });

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: batches.map((proposals) => ({ kind: 'Apply' as const, proposals })) },
    { weight: 1, arbitrary: fc.constant({ kind: 'Reopen' as const }) },
    {
      weight: 2,
      arbitrary: fc.integer({ min: 1, max: 9 }).map((maxRows) => ({ kind: 'CompactSome' as const, maxRows })),
    },
  ),
  { minLength: 1, maxLength: 14 },
);

/** Messages are for people: only the code of a refusal is compared. */
function withoutMessages(result: Result | null): unknown {
  if (result?.kind !== 'Failed') return result;
  return { kind: 'Failed', code: result.code };
}

async function rangeOrRefusal(store: Store, range: Range): Promise<RangeResult | { kind: 'Failed'; code: string }> {
  try {
    return await store.range(range);
  } catch (error) {
    assert.ok(error instanceof StoreError);
    return { kind: 'Failed', code: error.code };
  }
}

test('the store answers as a naive one does, through compaction and restarts', async () => {
  const reads = fc.array(rangesAt(fc.integer({ min: 0, max: 40 })), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, reads, async (plan, ranges) => {
      const subject = await StoreUnderTest.found();
      const model = new Model();
      for (const step of plan) {
        if (step.kind === 'Reopen') await subject.reopen();
        else if (step.kind === 'CompactSome') await subject.store.compactStep(step.maxRows);
        else {
          const first = subject.store.appliedIndex + 1;
          const entries = step.proposals.map(({ command, idempotency }, n) =>
            entry(first + n, command, { idempotency }),
          );
          const results = await subject.store.apply(entries);
          assert.deepEqual(
            results.map(withoutMessages),
            entries.map((e) => withoutMessages(model.apply(e))),
          );
        }
        const { store } = subject;
        assert.equal(store.revision, model.revision);
        assert.equal(store.compactedRevision, model.compactedRevision);
        assert.deepEqual(new Map([...store.leases()].map((lease) => [lease.id, lease])), model.leases);
        assert.equal(store.stats().keyCount, model.states.get(model.revision)!.size);
        assert.equal(store.stats().answerCount, model.answers.size);
        for (const id of model.leases.keys()) {
          const attached = [...model.states.get(model.revision)!.values()].filter(({ lease }) => lease === id);
          assert.deepEqual(await store.leaseKeys(id), attached.map(({ key }) => key).sort(Buffer.compare));
        }
        for (const range of ranges) {
          assert.deepEqual(await rangeOrRefusal(store, range), withoutMessages(model.range(range)));
        }
      }
      assert.equal(subject.engine.openSnapshots, 0);
    }),
    { numRuns: 150 },
  );
});

/** @param crashes after which batches what is not written out is lost, and applied again from the log */
async function applyIn(
  engine: MemoryEngine,
  entries: readonly CommittedEntry[],
  sizes: readonly number[],
  crashes: readonly boolean[] = [],
): Promise<unknown[]> {
  let store = await Store.open(engine, STORE_OPTIONS);
  const results: (Result | null)[] = [];
  for (let start = 0, n = 0; start < entries.length; n += 1) {
    const end = start + sizes[n % sizes.length]!;
    results.splice(start, results.length, ...(await store.apply(entries.slice(start, end))));
    start = end;
    if (crashes[n]) {
      store = await Store.open(engine, STORE_OPTIONS);
      start = store.appliedIndex - 1;
    } else if (n % 2 === 1) await store.writeOut();
  }
  await store.writeOut();
  return results;
}

test('however entries are split into batches and written, lost and applied again, results and rows are the same', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
  const crashes = fc.array(fc.boolean(), { maxLength: 15 });
  const times = fc.array(fc.integer({ min: 0, max: 3_000_000 }), { minLength: 30, maxLength: 30 });
  const proposed = fc.array(keyProposals, { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(proposed, times, sizes, crashes, async (proposals, timesMs, split, crashed) => {
      const entries = proposals.map(({ command, idempotency }, n) =>
        entry(n + 2, command, { idempotency, timeMs: timesMs[n]! }),
      );
      const [one, other] = [await foundedEngine(), await foundedEngine()];
      assert.deepEqual(await applyIn(one, entries, split, crashed), await applyIn(other, entries, [1]));
      assert.deepEqual(one.rows, other.rows);
    }),
    { numRuns: 150 },
  );
});

test('compaction changes nothing that can be read, and leaves no row behind that nobody needs', async () => {
  const commands = fc.array(keyProposals, { minLength: 10, maxLength: 40 });
  const targets = fc.array(fc.nat(), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(commands, targets, fc.integer({ min: 1, max: 7 }), async (proposals, seeds, maxRows) => {
      const subject = await StoreUnderTest.found();
      for (const { command } of proposals) if (command.kind !== 'Compact') await subject.apply(command);
      const { engine } = subject;
      const newest = subject.store.revision;
      await subject.store.writeOut();
      const original = historyOf(engine);
      const hashes = new Map<number, string>();
      for (let r = 1; r <= newest; r += 1) hashes.set(r, (await subject.store.hash(r)).hash);
      for (const target of seeds.map((seed) => 1 + (seed % newest)).sort((a, b) => a - b)) {
        await subject.apply({ kind: 'Compact', revision: target });
        if (maxRows % 2 === 0) await subject.store.compactStep(maxRows);
        if (maxRows % 3 === 0) await subject.reopen();
      }
      await subject.compactFully(maxRows);
      const { compactedRevision } = subject.store;
      for (let r = compactedRevision; r <= newest; r += 1) {
        assert.equal((await subject.store.hash(r)).hash, hashes.get(r));
      }
      const alive = await subject.store.range({ ...everything, revision: compactedRevision });
      const aliveSince = new Map(alive.items.map(({ key, modRevision }) => [key.toString('hex'), modRevision]));
      const needed = original.filter(
        ({ item }) =>
          item.modRevision >= compactedRevision || aliveSince.get(item.key.toString('hex')) === item.modRevision,
      );
      assert.deepEqual(historyOf(engine), needed);
      assert.equal(engine.rows.filter(({ key }) => key[0] === 0x69).length, needed.length);
    }),
    { numRuns: 80 },
  );
});

const everything = rangeOf({ key: Buffer.from([0]), rangeEnd: Buffer.from([0]) });

function historyOf(engine: MemoryEngine): StoredEvent[] {
  return engine.rows
    .filter(({ key }) => key[0] === 0x68)
    .map(({ key, value }) => decodeEvent(positionOfHistory(key), value));
}

test('watches deliver every event once and in order, however slowly they are pulled', async () => {
  const plan = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: batches.map((proposals) => ({ kind: 'Apply' as const, proposals })) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('Pull' as const), watch: fc.nat(), count: fc.nat(9) }) },
      {
        weight: 1,
        arbitrary: watches(fc.oneof(fc.constant(0), fc.nat(30))).map((options) => ({
          kind: 'Watch' as const,
          options,
        })),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'Replace' as const }) },
    ),
    { minLength: 3, maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(plan, fc.integer({ min: 1, max: 2000 }), async (planned, maxQueuedBytesPerWatch) => {
      const subject = await StoreUnderTest.found({ maxQueuedBytesPerWatch });
      const model = new Model();
      const open: OpenWatch[] = [];
      for (const step of planned) {
        if (step.kind === 'Apply') {
          const commands = step.proposals.map(({ command }) => command).filter(({ kind }) => kind !== 'Compact');
          const first = subject.store.appliedIndex + 1;
          for (const [n, command] of commands.entries()) model.apply(entry(first + n, command));
          await subject.applyAll(commands);
        } else if (step.kind === 'Watch') {
          const watch = subject.store.watch(step.options);
          const first = step.options.startRevision === 0 ? model.revision + 1 : step.options.startRevision;
          open.push({ watch, iterator: watch[Symbol.asyncIterator](), got: [], first, options: step.options });
        } else if (step.kind === 'Replace') {
          const replaced = subject.store;
          await subject.reopen({ maxQueuedBytesPerWatch });
          subject.store.adoptWatches(replaced);
        } else if (open.length > 0) {
          await pullSome(open[step.watch % open.length]!, { through: subject.store.revision, count: step.count });
        }
      }
      const { revision } = subject.store;
      for (const subscription of open) {
        await pullSome(subscription, { through: revision });
        const { got, options, first } = subscription;
        const expected = model.eventsBetween(options, first, revision);
        assert.deepEqual(eventful(got), expected);
        assertMarksTrue(got, expected);
      }
      assert.equal(subject.store.stats().watcherCount, open.length);
      subject.store.close();
      assert.equal(subject.store.stats().watcherCount, 0);
      assert.equal(subject.store.stats().slowWatcherCount, 0);
    }),
    { numRuns: 120 },
  );
});

type OpenWatch = {
  readonly watch: Watch;
  readonly iterator: AsyncIterator<WatchBatch>;
  readonly got: WatchBatch[];
  readonly first: number;
  readonly options: WatchOptions;
};

/** Always ends: a mark is asked for, or comes when a slow watch has caught up. */
async function pullSome(
  { watch, iterator, got }: OpenWatch,
  limit: { through: number; count?: number },
): Promise<void> {
  watch.requestProgress();
  got.push(...(await pullFrom(iterator, limit)));
}

function eventful(got: readonly WatchBatch[]): WatchBatch[] {
  return got.filter(({ events }) => events.length > 0);
}

/** A mark at a revision comes after everything through it and before everything later. */
function assertMarksTrue(got: readonly WatchBatch[], expected: readonly WatchBatch[]): void {
  let delivered = 0;
  for (const { revision, events } of got) {
    if (events.length > 0) delivered += 1;
    else assert.equal(delivered, expected.filter((batch) => batch.revision <= revision).length);
  }
}
