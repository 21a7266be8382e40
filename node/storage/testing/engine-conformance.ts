/**
 * What every `Engine` must do, driven by random operations and held against a plain map. RocksDB and the simulator's
 * model both pass it. With a harness that can crash, it also checks that a crash leaves a prefix of the batches that
 * is not older than the last completed flush: never a hole, never half a batch.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Engine, EngineOperation, EngineReader, KeyRange, Row, ScanOptions } from '../../store/engine.ts';

/** One engine's place, from empty to gone. */
export interface EngineHarness {
  /** Opens what is there; one engine is open at a time. */
  open(): Promise<Engine>;
  /**
   * The process or the machine dies with the engine open. Whatever a crash may take may be taken. Also resolves to
   * 'Damaged' if what was done to the files lets `open` refuse.
   */
  crash(random: () => number): Promise<'Crashed' | 'Damaged'>;
  /** Removes everything. */
  dispose(): Promise<void>;
}

export type ConformanceOptions = {
  readonly name: string;
  readonly create: () => Promise<EngineHarness>;
  /** Where a harness that can crash costs more. */
  readonly createToCrash?: () => Promise<EngineHarness>;
  readonly runs: number;
  readonly crashRuns: number;
};

export function engineConformance({ name, create, createToCrash = create, runs, crashRuns }: ConformanceOptions): void {
  describe(`${name} as an engine`, () => {
    test('random batches, reads and scans answer as a sorted map does', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { maxLength: 40 }), (list) => within(create, (h) => answers(h, list))),
        {
          numRuns: runs,
        },
      );
    });

    test('a snapshot does not move', async () => {
      await fc.assert(
        fc.asyncProperty(batches, batches, (first, second) => within(create, (h) => stays(h, first, second))),
        {
          numRuns: Math.ceil(runs / 2),
        },
      );
    });

    test('pages end at the limit, or after the row that reaches the sum of bytes', () => within(create, pages));

    test('what was closed is there again after a flush', () => within(create, reopens));

    test('a crash leaves a prefix of the batches, not older than the last flush', async () => {
      const run = fc.record({ rounds: fc.array(rounds, { minLength: 1, maxLength: 3 }), seed: fc.integer() });
      await fc.assert(
        fc.asyncProperty(run, ({ rounds, seed }) => within(createToCrash, (h) => survives(h, rounds, seed))),
        {
          numRuns: crashRuns,
        },
      );
    });
  });
}

type Step =
  | { readonly kind: 'Write'; readonly batch: readonly EngineOperation[] }
  | { readonly kind: 'Get'; readonly keys: readonly Buffer[] }
  | { readonly kind: 'Scan'; readonly range: KeyRange; readonly options: ScanOptions }
  | { readonly kind: 'Flush' }
  | { readonly kind: 'Reopen' };

/** Few short keys, so that operations meet; all bytes that order could get wrong. */
const keys: fc.Arbitrary<Buffer> = fc
  .array(fc.constantFrom(0, 1, 0x41, 0x42, 0x7f, 0x80, 0xfe), { minLength: 1, maxLength: 3 })
  .map((bytes) => Buffer.from(bytes));
const values: fc.Arbitrary<Buffer> = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes));
const operations: fc.Arbitrary<EngineOperation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('Put' as const), key: keys, value: values }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('Delete' as const), key: keys }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('DeleteRange' as const), from: keys, to: keys }) },
);
const batches: fc.Arbitrary<EngineOperation[]> = fc.array(operations, { minLength: 1, maxLength: 12 });
const scanOptions: fc.Arbitrary<ScanOptions> = fc.record(
  {
    limit: fc.integer({ min: 0, max: 50 }),
    reverse: fc.boolean(),
    keysOnly: fc.boolean(),
    maxBytes: fc.integer({ min: 1, max: 200 }),
    hasSmallValues: fc.boolean(),
  },
  { requiredKeys: ['limit'] },
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('Write' as const), batch: batches }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('Get' as const), keys: fc.array(keys, { maxLength: 20 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('Scan' as const),
      range: fc.record({ from: keys, to: keys }),
      options: scanOptions,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('Flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('Reopen' as const) }) },
);
/** Batches written, and after which of them a flush. */
const rounds: fc.Arbitrary<{ batches: EngineOperation[][]; flushAfter: number }> = fc.record({
  batches: fc.array(batches, { minLength: 1, maxLength: 12 }),
  flushAfter: fc.integer({ min: 0, max: 14 }),
});

async function within(
  create: () => Promise<EngineHarness>,
  run: (harness: EngineHarness) => Promise<void>,
): Promise<void> {
  const harness = await create();
  try {
    await run(harness);
  } finally {
    await harness.dispose();
  }
}

async function answers(harness: EngineHarness, list: readonly Step[]): Promise<void> {
  let engine = await harness.open();
  let model: Model = new Map();
  for (const step of list) {
    if (step.kind === 'Write') {
      await engine.write(step.batch);
      model = afterBatch(model, step.batch);
    } else if (step.kind === 'Get') {
      assert.deepEqual(
        await engine.getMany(step.keys),
        step.keys.map((key) => valueIn(model, key)),
      );
      for (const key of step.keys) assert.deepEqual(await engine.get(key), valueIn(model, key));
    } else if (step.kind === 'Scan') {
      assert.deepEqual(await engine.scan(step.range, step.options), scanOf(model, step.range, step.options));
    } else if (step.kind === 'Flush') {
      await engine.flush();
    } else {
      await engine.flush();
      await engine.close();
      engine = await harness.open();
    }
  }
  assert.deepEqual(await everything(engine), modelRows(model));
  assert.ok((await engine.sizeBytes()) >= 0);
  await engine.close();
}

async function stays(harness: EngineHarness, first: EngineOperation[], second: EngineOperation[]): Promise<void> {
  const engine = await harness.open();
  await engine.write(first);
  const snapshot = engine.snapshot();
  const before = modelRows(afterBatch(new Map(), first));
  await engine.write(second);
  await engine.flush();
  assert.deepEqual(await everything(snapshot), before);
  for (const { key, value } of before) assert.deepEqual(await snapshot.get(key), value);
  assert.deepEqual(await everything(engine), modelRows(afterBatch(afterBatch(new Map(), first), second)));
  await snapshot.close();
  await engine.close();
}

async function pages(harness: EngineHarness): Promise<void> {
  const engine = await harness.open();
  const keyAt = (at: number): Buffer => Buffer.from(`k${String(at).padStart(5, '0')}`);
  const puts = Array.from({ length: 3000 }, (_, at) => ({
    kind: 'Put' as const,
    key: keyAt(at),
    value: Buffer.alloc(94, at),
  }));
  await engine.write(puts);
  const range = { from: Buffer.from('k'), to: Buffer.from('l') };
  assert.equal((await engine.scan(range, { limit: 10_000 })).length, 3000);
  assert.equal((await engine.scan(range, { limit: 2500 })).length, 2500);
  assert.equal((await engine.scan(range, { limit: 10_000, maxBytes: 1000 })).length, 10);
  assert.equal((await engine.scan(range, { limit: 10_000, maxBytes: 1001 })).length, 11);
  assert.equal((await engine.scan(range, { limit: 10_000, maxBytes: 1 })).length, 1);
  assert.equal((await engine.scan(range, { limit: 10_000, maxBytes: 40_000, hasSmallValues: true })).length, 400);
  assert.equal((await engine.scan(range, { limit: 10_000, maxBytes: 1 << 20, hasSmallValues: true })).length, 3000);
  assert.equal((await engine.scan(range, { limit: 600, maxBytes: 1 << 20, keysOnly: true })).length, 600);
  const last = await engine.scan(range, { limit: 10_000, maxBytes: 20_000, reverse: true });
  assert.deepEqual(
    last.map(({ key }) => key),
    Array.from({ length: 200 }, (_, at) => keyAt(2999 - at)),
  );
  await engine.close();
}

async function reopens(harness: EngineHarness): Promise<void> {
  const engine = await harness.open();
  await engine.write([{ kind: 'Put', key: Buffer.from('a'), value: Buffer.from('1') }]);
  await engine.flush();
  await engine.close();
  const again = await harness.open();
  assert.deepEqual(await again.get(Buffer.from('a')), Buffer.from('1'));
  await again.close();
}

async function survives(
  harness: EngineHarness,
  list: readonly { readonly batches: EngineOperation[][]; readonly flushAfter: number }[],
  seed: number,
): Promise<void> {
  let next = seed;
  const random = (): number => {
    next = (Math.imul(next, 1_664_525) + 1_013_904_223) | 0;
    return (next >>> 0) / 2 ** 32;
  };
  let model: Model = new Map();
  let engine = await harness.open();
  for (const { batches, flushAfter } of list) {
    // A batch also writes its number: two prefixes are never alike.
    let possible = [model];
    for (const [at, batch] of batches.entries()) {
      const numbered: EngineOperation[] = [
        ...batch,
        { kind: 'Put', key: Buffer.from('n'), value: Buffer.from(`${possible.length} of ${seed}`) },
      ];
      await engine.write(numbered);
      model = afterBatch(model, numbered);
      possible.push(model);
      if (at === flushAfter) {
        await engine.flush();
        possible = [model];
      }
    }
    const outcome = await harness.crash(random);
    try {
      engine = await harness.open();
    } catch (error) {
      if (outcome === 'Damaged') return;
      throw error;
    }
    const found = await everything(engine);
    const kept = possible.find((rows) => isEqual(found, modelRows(rows)));
    assert.ok(kept, `${found.length} rows are none of the ${possible.length} prefixes that a crash may leave`);
    model = kept;
  }
  await engine.close();
}

/** Keys and values as hexadecimal text, which sorts as the bytes do. */
type Model = ReadonlyMap<string, string>;

function afterBatch(model: Model, batch: readonly EngineOperation[]): Model {
  const next = new Map(model);
  for (const operation of batch) {
    if (operation.kind === 'Put') next.set(hex(operation.key), hex(operation.value));
    else if (operation.kind === 'Delete') next.delete(hex(operation.key));
    else {
      const [from, to] = [hex(operation.from), hex(operation.to)];
      for (const key of next.keys()) if (key >= from && key < to) next.delete(key);
    }
  }
  return next;
}

function modelRows(model: Model): Row[] {
  return [...model.keys()]
    .sort()
    .map((key) => ({ key: Buffer.from(key, 'hex'), value: Buffer.from(model.get(key)!, 'hex') }));
}

function valueIn(model: Model, key: Buffer): Buffer | null {
  const value = model.get(hex(key));
  return value === undefined ? null : Buffer.from(value, 'hex');
}

function scanOf(
  model: Model,
  range: KeyRange,
  { limit, reverse, maxBytes = Number.POSITIVE_INFINITY, keysOnly }: ScanOptions,
): Row[] {
  let rows = modelRows(model).filter(
    ({ key }) => Buffer.compare(key, range.from) >= 0 && Buffer.compare(key, range.to) < 0,
  );
  if (reverse) rows.reverse();
  if (keysOnly) rows = rows.map(({ key }) => ({ key, value: Buffer.alloc(0) }));
  let bytes = 0;
  const reached = rows.findIndex(({ key, value }) => {
    bytes += key.length + value.length;
    return bytes >= maxBytes;
  });
  return rows.slice(0, Math.min(limit, reached === -1 ? rows.length : reached + 1));
}

async function everything(reader: EngineReader): Promise<Row[]> {
  return reader.scan({ from: Buffer.alloc(0), to: Buffer.from([0xff]) }, { limit: 10_000 });
}

function isEqual(found: readonly Row[], expected: readonly Row[]): boolean {
  return (
    found.length === expected.length &&
    found.every(({ key, value }, at) => key.equals(expected[at]!.key) && value.equals(expected[at]!.value))
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
