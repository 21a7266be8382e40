import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { EngineReader, EngineSnapshot, KeyRange, Row, ScanOptions } from './engine.ts';
import { StoreError } from './errors.ts';
import { rangeOf } from './range-of.ts';
import { Store } from './store.ts';
import { anyKeys, keyCommands, rangesAt, watches } from './testing/arbitraries.ts';
import { MemoryEngine } from './testing/memory-engine.ts';
import { Model } from './testing/model.ts';
import { entry, foundedEngine, pull, put, STORE_OPTIONS } from './testing/store-under-test.ts';
import type { Command, Range, RangeResult, Txn, WatchBatch, WatchOptions } from './types.ts';

/** Reads and writes take place when, and in the order in which, the scheduler lets them. */
class SlowEngine extends MemoryEngine {
  readonly #slow: <T>(act: () => Promise<T>) => Promise<T>;

  constructor(slow: <T>(act: () => Promise<T>) => Promise<T>) {
    super();
    this.#slow = slow;
    this.beforeWrite = () => slow(async () => {});
  }

  override get(key: Uint8Array): Promise<Buffer | null> {
    return this.#slow(() => super.get(key));
  }

  override scan(range: KeyRange, options: ScanOptions): Promise<Row[]> {
    return this.#slow(() => super.scan(range, options));
  }

  override getMany(keys: readonly Uint8Array[]): Promise<(Buffer | null)[]> {
    return this.#slow(() => super.getMany(keys));
  }

  override snapshot(): EngineSnapshot {
    const snapshot = super.snapshot();
    const slow = this.#slow;
    const reads: EngineReader = {
      get: (key) => slow(() => snapshot.get(key)),
      getMany: (keys) => slow(() => snapshot.getMany(keys)),
      scan: (range, options) => slow(() => snapshot.scan(range, options)),
    };
    return { ...reads, close: () => snapshot.close() };
  }
}

async function openSlowly(scheduler: fc.Scheduler): Promise<{ engine: SlowEngine; store: Store }> {
  const engine = new SlowEngine(async (act) => {
    await scheduler.schedule(Promise.resolve());
    return act();
  });
  const rows = (await foundedEngine()).rows.map(({ key, value }) => ({ kind: 'Put' as const, key, value }));
  await scheduler.waitFor(engine.write(rows));
  return { engine, store: await scheduler.waitFor(Store.open(engine, STORE_OPTIONS)) };
}

type Round = { readonly ranges: readonly Range[]; readonly batches: readonly (readonly Command[])[] };

const ALL_KEYS = ['a', 'ab', 'b', 'ba', 'bb', 'bc', 'c'];

/** What may come from memory: no bounds, in order of key. */
const plainRanges = fc
  .tuple(anyKeys, fc.constantFrom(0, 0, 1, 2, 5), fc.constantFrom(undefined, undefined, 1, 1500), fc.boolean())
  .map(([keys, limit, maxBytes, keysOnly]) => ({
    ...rangeOf(keys),
    limit,
    keysOnly,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  }));

const commands = keyCommands.filter(({ kind }) => kind !== 'Compact');
const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    ranges: fc.array(fc.oneof(plainRanges, rangesAt(fc.constant(0))), { minLength: 1, maxLength: 6 }),
    batches: fc.array(fc.array(commands, { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
);

test('reads beside writes answer what was there at the revision that they tell, never an older one', async () => {
  await fc.assert(
    fc.asyncProperty(rounds, fc.scheduler(), async (plan, scheduler) => {
      const { engine, store } = await openSlowly(scheduler);
      const model = new Model();
      const founding = ALL_KEYS.map((key, n) => entry(store.appliedIndex + 1 + n, put(key, '1')));
      for (const one of founding) model.apply(one);
      await scheduler.waitFor(store.apply(founding));
      const check = (range: Range, { revision, items, count, more }: RangeResult, atLeast: number): void => {
        assert.ok(revision >= atLeast, `revision ${revision} was told when ${atLeast} was applied`);
        const { kind: _, revision: __, ...expected } = model.range({ ...range, revision }) as RangeResult;
        assert.deepEqual({ items, count, more }, expected);
      };
      for (const { ranges, batches } of plan) {
        const read = async (range: Range): Promise<void> => {
          const atLeast = store.revision;
          check(range, await store.range(range), atLeast);
          const { maxBytes: _, ...inTxn } = range;
          const atLeastThen = store.revision;
          const both: Txn = { kind: 'Txn', compares: [], success: [inTxn, inTxn], failure: [] };
          const result = await store.read(both);
          assert.ok(result.kind === 'Txn');
          for (const one of result.results) check(inTxn, one as RangeResult, atLeastThen);
        };
        const write = async (): Promise<void> => {
          for (const batch of batches) {
            const entries = batch.map((command, n) => entry(store.appliedIndex + 1 + n, command));
            for (const one of entries) model.apply(one);
            await store.apply(entries);
          }
        };
        await scheduler.waitFor(Promise.all([write(), ...ranges.map(read)]));
        for (const range of ranges) await scheduler.waitFor(read(range));
      }
      await scheduler.waitFor(store.writeOut());
      assert.equal(engine.openSnapshots, 0);
    }),
    { numRuns: 100 },
  );
});

type PastRound = {
  readonly batches: readonly (readonly Command[])[];
  /** Each at a revision between the first and the newest one. */
  readonly ranges: readonly { readonly range: Range; readonly at: number }[];
  readonly hashesAt: readonly number[];
  readonly watches: readonly WatchOptions[];
  readonly compactSteps: number;
  /** After it, as a restart does it. */
  readonly isReopened: boolean;
};

const pastRounds: fc.Arbitrary<PastRound[]> = fc.array(
  fc.record({
    batches: fc.array(fc.array(keyCommands, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
    ranges: fc.array(fc.record({ range: fc.oneof(plainRanges, rangesAt(fc.constant(0))), at: fc.nat() }), {
      maxLength: 4,
    }),
    hashesAt: fc.array(fc.nat(), { maxLength: 2 }),
    watches: fc.array(watches(fc.nat(12)), { maxLength: 2 }),
    compactSteps: fc.nat(3),
    isReopened: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

test('reads of the past, watches, hashes and compaction beside writes see all that is applied, written or not, and no more', async () => {
  await fc.assert(
    fc.asyncProperty(pastRounds, fc.scheduler(), async (plan, scheduler) => {
      const opened = await openSlowly(scheduler);
      const { engine } = opened;
      let { store } = opened;
      /** Takes one entry after the other, and is asked when nothing else is under way. */
      const plain = await Store.open(await foundedEngine(), STORE_OPTIONS);
      const plainHashes = new Map([[plain.revision, (await plain.hash(0)).hash]]);
      const model = new Model();
      const write = async ({ batches }: PastRound): Promise<void> => {
        for (const batch of batches) {
          const entries = batch.map((command, n) => entry(store.appliedIndex + 1 + n, command));
          for (const one of entries) model.apply(one);
          await store.apply(entries);
        }
      };
      const refusedOnly = async (revision: number, act: () => Promise<void>): Promise<void> => {
        try {
          await act();
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
          assert.equal(error.code, 'compacted');
          assert.ok(revision < model.compactedRevision, `${revision} was refused: ${error.message}`);
        }
      };
      const hashes: { readonly revision: number; readonly hash: string }[] = [];
      const read = async ({ range, at }: PastRound['ranges'][number]): Promise<void> => {
        // What is remembered of the newest must not show in the past.
        await store.range(range);
        const revision = 1 + (at % store.revision);
        const { kind: _, revision: __, ...expected } = model.rangeOfAnyAge({ ...range, revision });
        await refusedOnly(revision, async () => {
          const { items, count, more } = await store.range({ ...range, revision });
          assert.deepEqual({ items, count, more }, expected);
        });
      };
      const watched = async (options: WatchOptions): Promise<void> => {
        const through = store.revision;
        const first = options.startRevision === 0 ? through + 1 : options.startRevision;
        const watch = store.watch(options);
        watch.requestProgress();
        await refusedOnly(first, async () => {
          const got = await pull(watch, { through });
          const events = got.filter((batch) => batch.events.length > 0 && batch.revision <= through);
          const expected = model.eventsBetween(options, first, through);
          assert.deepEqual(events.map(withoutPrevious), expected.map(withoutPrevious));
        });
        watch.close();
      };
      for (const round of plan) {
        const compact = async (): Promise<void> => {
          for (let n = 0; n < round.compactSteps; n += 1) await store.compactStep(3);
        };
        const hash = async (at: number): Promise<void> => {
          const revision = 1 + (at % store.revision);
          await refusedOnly(revision, async () => {
            hashes.push({ revision, hash: (await store.hash(revision)).hash });
          });
        };
        await scheduler.waitFor(
          Promise.all([
            write(round),
            compact(),
            ...round.ranges.map(read),
            ...round.hashesAt.map(hash),
            ...round.watches.map(watched),
          ]),
        );
        for (const command of round.batches.flat()) {
          await plain.apply([entry(plain.appliedIndex + 1, command)]);
          plainHashes.set(plain.revision, (await plain.hash(0)).hash);
        }
        if (!round.isReopened) continue;
        await scheduler.waitFor(store.writeOut());
        store = await scheduler.waitFor(Store.open(engine, STORE_OPTIONS));
      }
      for (const { revision, hash } of hashes) assert.equal(hash, plainHashes.get(revision));
      assert.equal(engine.openSnapshots, 0);
    }),
    { numRuns: 100 },
  );
});

/** What is compacted meanwhile has no previous versions. */
function withoutPrevious({ revision, events }: WatchBatch): unknown {
  return { revision, events: events.map(({ kind, item }) => ({ kind, item })) };
}
