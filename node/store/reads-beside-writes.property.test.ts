import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { EngineReader, EngineSnapshot } from './engine.ts';
import { rangeOf } from './range-of.ts';
import { Store } from './store.ts';
import { anyKeys, keyCommands, rangesAt } from './testing/arbitraries.ts';
import { MemoryEngine } from './testing/memory-engine.ts';
import { Model } from './testing/model.ts';
import { entry, foundedEngine, put, STORE_OPTIONS } from './testing/store-under-test.ts';
import type { Command, Range, RangeResult, Txn } from './types.ts';

/** Answers to reads come when, and in the order in which, the scheduler lets them. */
class SlowEngine extends MemoryEngine {
  readonly #slow: <T>(read: () => Promise<T>) => Promise<T>;

  constructor(slow: <T>(read: () => Promise<T>) => Promise<T>) {
    super();
    this.#slow = slow;
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
      const engine = new SlowEngine(async (read) => {
        await scheduler.schedule(Promise.resolve());
        return read();
      });
      await engine.write((await foundedEngine()).rows.map(({ key, value }) => ({ kind: 'Put', key, value })));
      const store = await scheduler.waitFor(Store.open(engine, STORE_OPTIONS));
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
      await store.writeOut();
      assert.equal(engine.openSnapshots, 0);
    }),
    { numRuns: 100 },
  );
});
