import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RecentRanges } from './recent-ranges.ts';
import type { Version } from './row-values.ts';

type Step =
  | { readonly kind: 'Set'; readonly key: string; readonly value: string | null }
  | {
      readonly kind: 'Read';
      readonly from: string;
      readonly to: string | null;
      readonly limit: number;
      /** What is applied after the read has begun: before the engine is read, and after that. */
      readonly before: readonly { readonly key: string; readonly value: string | null }[];
      readonly after: readonly { readonly key: string; readonly value: string | null }[];
    };

const keys = fc.constantFrom('a', 'a\0', 'ab', 'b', 'ba', 'c', 'd', '\xff', '\0');
const values = fc.option(fc.string({ maxLength: 40 }));
const sets = fc.record({ key: keys, value: values });
const steps: fc.Arbitrary<Step> = fc.oneof(
  sets.map((set) => ({ kind: 'Set' as const, ...set })),
  fc.record({
    kind: fc.constant('Read' as const),
    from: keys,
    to: fc.option(keys),
    limit: fc.constantFrom(1, 2, 5, Number.POSITIVE_INFINITY),
    before: fc.array(sets, { maxLength: 3 }),
    after: fc.array(sets, { maxLength: 3 }),
  }),
);

function versionOf(key: string, value: string): Version {
  const bytes = Buffer.from(value);
  const numbers = { createRevision: 1, modRevision: 2, sub: 0, version: 2, lease: 0n };
  return { key: Buffer.from(key, 'latin1'), value: bytes, valueBytes: bytes.length, ...numbers };
}

/** What a sorted map has. */
class Model {
  readonly #values = new Map<string, string>();

  set(key: string, value: string | null): void {
    if (value === null) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  get(key: string): Version | null {
    const value = this.#values.get(key);
    return value === undefined ? null : versionOf(key, value);
  }

  read(from: string, to: string | null, limit: number): Version[] {
    const within = [...this.#values.keys()].filter((key) => key >= from && (to === null || key < to)).sort();
    return within.slice(0, limit).map((key) => this.get(key)!);
  }
}

test('what memory says of ranges and keys is what a sorted map has, whatever changes while ranges are read', () => {
  let known = 0;
  fc.assert(
    fc.property(
      fc.array(steps, { minLength: 20, maxLength: 60 }),
      fc.constantFrom(1500, 3000, 100_000),
      (list, maxBytes) => {
        const ranges = new RecentRanges(maxBytes);
        const model = new Model();
        const set = ({ key, value }: { key: string; value: string | null }): void => {
          model.set(key, value);
          ranges.set(key, value === null ? null : versionOf(key, value));
        };
        for (const step of list) {
          if (step.kind === 'Set') {
            set(step);
            continue;
          }
          const { from, to, limit } = step;
          const found = ranges.find(from, to, limit);
          if (found !== null) {
            known += 1;
            assert.deepEqual(found.versions.slice(found.start, found.end), model.read(from, to, limit));
          }
          for (const { key } of step.before) {
            const version = ranges.get(key);
            if (version !== undefined) assert.deepEqual(version, model.get(key));
          }
          const filling = ranges.beginFilling();
          step.before.forEach(set);
          const read = model.read(from, to, limit);
          step.after.forEach(set);
          const isCut = read.length === limit;
          ranges.fill(filling, from, isCut ? `${read.at(-1)!.key.toString('latin1')}\0` : to, read);
          ranges.endFilling(filling);
        }
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(known > 1000, 'the ranges that were read met');
});

test('memory is bounded: what was not read for longest is forgotten, too much is not taken', () => {
  const ranges = new RecentRanges(100_000);
  const fill = (prefix: string, count: number): void => {
    const filling = ranges.beginFilling();
    const versions = Array.from({ length: count }, (_, n) => versionOf(`${prefix}${String(n).padStart(4, '0')}`, 'x'));
    ranges.fill(filling, prefix, `${prefix}~`, versions);
    ranges.endFilling(filling);
  };
  const isKnown = (prefix: string): boolean => ranges.find(prefix, `${prefix}~`, Number.POSITIVE_INFINITY) !== null;
  fill('a', 110);
  fill('c', 110);
  assert.ok(isKnown('a') && isKnown('c'));
  assert.ok(isKnown('a'));
  fill('e', 110);
  assert.deepEqual(['a', 'c', 'e'].map(isKnown), [true, false, true]);
  fill('g', 1000);
  assert.deepEqual(['a', 'e', 'g'].map(isKnown), [true, true, false]);
  for (let n = 0; n < 1000; n += 1) ranges.set(`e${n}-`, versionOf(`e${n}-`, 'x'.repeat(900)));
  assert.equal(isKnown('e'), false);
});

test('a large value is left to the engine', () => {
  const ranges = new RecentRanges(100_000);
  ranges.fill(ranges.beginFilling(), 'a', 'b', []);
  ranges.set('a1', versionOf('a1', 'x'.repeat(2000)));
  const found = ranges.find('a', 'b', 10)!;
  const [version] = found.versions.slice(found.start, found.end);
  assert.equal(version!.value, null);
  assert.equal(version!.valueBytes, 2000);
});

test('ranges without any key are forgotten too', () => {
  const ranges = new RecentRanges(100_000);
  for (let n = 1000; n < 2000; n += 1) {
    const filling = ranges.beginFilling();
    ranges.fill(filling, `${n}/`, `${n}0`, []);
    ranges.endFilling(filling);
  }
  const isKnown = (n: number): boolean => ranges.find(`${n}/`, `${n}0`, 1) !== null;
  const known = Array.from({ length: 1000 }, (_, n) => 1000 + n).filter(isKnown);
  assert.ok(known.length < 250, `${known.length} empty ranges are remembered in 100,000 bytes`);
  assert.ok(isKnown(1999));
});

test('what changes while a slow read is under way is kept no further than memory allows', () => {
  const ranges = new RecentRanges(100_000);
  const filling = ranges.beginFilling();
  let most = 0;
  for (let n = 0; n < 10_000; n += 1) {
    ranges.set(`a${n}`, n % 2 === 0 ? versionOf(`a${n}`, 'x') : null);
    most = Math.max(most, filling.changes.length);
  }
  assert.ok(most < 250, `${most} changes were kept`);
  ranges.fill(filling, 'a', 'b', []);
  ranges.endFilling(filling);
  assert.equal(ranges.find('a', 'b', 1), null);
});
