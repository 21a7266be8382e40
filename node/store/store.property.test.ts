import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { StoreError } from './errors.ts';
import { Store } from './store.ts';
import { keyProposals, rangesAt, watches } from './testing/arbitraries.ts';
import type { MemoryEngine } from './testing/memory-engine.ts';
import { Model } from './testing/model.ts';
import { entry, foundedEngine, pullFrom, StoreUnderTest } from './testing/store-under-test.ts';
import type { CommittedEntry, Range, RangeResult, Result, WatchBatch } from './types.ts';

type Step =
  | { readonly kind: 'Apply'; readonly proposals: readonly { command: never; idempotency: never }[] }
  | { readonly kind: 'Reopen' }
  | { readonly kind: 'CompactSome'; readonly maxRows: number };

const batches = fc.array(keyProposals, { minLength: 1, maxLength: 8 });

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: batches.map((proposals) => ({ kind: 'Apply' as const, proposals })) },
    { weight: 1, arbitrary: fc.constant({ kind: 'Reopen' as const }) },
    {
      weight: 2,
      arbitrary: fc.integer({ min: 1, max: 9 }).map((maxRows) => ({ kind: 'CompactSome' as const, maxRows })),
    },
  ),
  { minLength: 1, maxLength: 14 },
) as fc.Arbitrary<Step[]>;

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
    { numRuns: 250 },
  );
});

async function applyIn(
  engine: MemoryEngine,
  entries: readonly CommittedEntry[],
  sizes: readonly number[],
): Promise<unknown[]> {
  const store = await Store.open(engine);
  const results: (Result | null)[] = [];
  for (let start = 0, n = 0; start < entries.length; n += 1) {
    const end = start + sizes[n % sizes.length]!;
    results.push(...(await store.apply(entries.slice(start, end))));
    start = end;
  }
  return results;
}

test('however entries are split into batches, results and rows are the same', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
  const times = fc.array(fc.integer({ min: 0, max: 3_000_000 }), { minLength: 30, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.array(keyProposals, { maxLength: 30 }), times, sizes, async (proposals, timesMs, split) => {
      const entries = proposals.map(({ command, idempotency }, n) =>
        entry(n + 2, command, { idempotency, timeMs: timesMs[n]! }),
      );
      const [one, other] = [await foundedEngine(), await foundedEngine()];
      assert.deepEqual(await applyIn(one, entries, split), await applyIn(other, entries, [1]));
      assert.deepEqual(one.rows, other.rows);
    }),
    { numRuns: 150 },
  );
});

test('compaction changes nothing that can be read, and leaves no row behind that nobody needs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(keyProposals, { minLength: 5, maxLength: 40 }), fc.nat(), async (proposals, seed) => {
      const subject = await StoreUnderTest.found();
      for (const { command } of proposals) if (command.kind !== 'Compact') await subject.apply(command);
      const { store } = subject;
      const revision = 1 + (seed % store.revision);
      await subject.apply({ kind: 'Compact', revision });
      const hashes: string[] = [];
      for (let r = revision; r <= store.revision; r += 1) hashes.push((await store.hash(r)).hash);
      await subject.compactFully(1 + (seed % 7));
      for (let r = revision; r <= store.revision; r += 1) assert.equal((await store.hash(r)).hash, hashes.shift());
      const present = await store.range({ ...everything, revision });
      const later = await historyCount(subject.engine, revision + 1);
      const atRevision = (await historyCount(subject.engine, revision)) - later;
      const kept = present.items.filter(({ modRevision }) => modRevision < revision).length;
      assert.equal(await historyCount(subject.engine, 0), kept + atRevision + later);
    }),
    { numRuns: 100 },
  );
});

const everything: Range = {
  kind: 'Range',
  key: Buffer.from([0]),
  rangeEnd: Buffer.from([0]),
  revision: 0,
  limit: 0,
  sort: null,
  keysOnly: false,
  countOnly: false,
  minModRevision: 0,
  maxModRevision: 0,
  minCreateRevision: 0,
  maxCreateRevision: 0,
};

async function historyCount(engine: MemoryEngine, firstRevision: number): Promise<number> {
  return engine.rows.filter(({ key }) => key[0] === 0x68 && key.readUInt32BE(5) >= firstRevision).length;
}

test('watches deliver every event once and in order, however slowly they are pulled', async () => {
  const plan = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: batches.map((proposals) => ({ kind: 'Apply' as const, proposals })) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('Pull' as const), watch: fc.nat(), count: fc.nat(4) }) },
      {
        weight: 1,
        arbitrary: watches(fc.integer({ min: 0, max: 30 })).map((options) => ({ kind: 'Watch' as const, options })),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'Replace' as const }) },
    ),
    { minLength: 3, maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(plan, fc.integer({ min: 1, max: 4000 }), async (planned, maxQueuedBytesPerWatch) => {
      const subject = await StoreUnderTest.found({ maxQueuedBytesPerWatch });
      const model = new Model();
      const open: { iterator: AsyncIterator<WatchBatch>; got: WatchBatch[]; first: number; options: never }[] = [];
      for (const step of planned) {
        if (step.kind === 'Apply') {
          const commands = step.proposals.map(({ command }) => command).filter(({ kind }) => kind !== 'Compact');
          const first = subject.store.appliedIndex + 1;
          for (const [n, command] of commands.entries()) model.apply(entry(first + n, command));
          await subject.applyAll(commands);
        } else if (step.kind === 'Watch') {
          const watch = subject.store.watch(step.options);
          const first = step.options.startRevision === 0 ? model.revision + 1 : step.options.startRevision;
          open.push({ iterator: watch[Symbol.asyncIterator](), got: [], first, options: step.options as never });
        } else if (step.kind === 'Replace') {
          const replaced = subject.store;
          await subject.reopen({ maxQueuedBytesPerWatch });
          subject.store.adoptWatches(replaced);
        } else if (open.length > 0) {
          const watch = open[step.watch % open.length]!;
          const left =
            model.eventsBetween(watch.options, watch.first, model.revision).length - eventful(watch.got).length;
          watch.got.push(...(await pullFrom(watch.iterator, { count: Math.min(step.count, left) })));
        }
      }
      const { revision } = subject.store;
      for (const { iterator, got, first, options } of open) {
        const expected = model.eventsBetween(options, first, revision);
        while (eventful(got).length < expected.length) got.push(...(await pullFrom(iterator, { count: 1 })));
        assert.deepEqual(eventful(got), expected);
        assertMarksTrue(got, expected);
      }
      assert.equal(subject.store.stats().watcherCount, open.length);
      subject.store.close();
      assert.equal(subject.store.stats().watcherCount, 0);
      assert.equal(subject.store.stats().slowWatcherCount, 0);
    }),
    { numRuns: 200 },
  );
});

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
