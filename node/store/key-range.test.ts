import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { includes, prefixOf } from './key-range.ts';
import { keys } from './testing/arbitraries.ts';
import { WatchIndex } from './watch-index.ts';

const bytes = fc.oneof(
  keys,
  fc.uint8Array({ minLength: 1, maxLength: 3 }).map((key) => Buffer.from(key)),
);
const ranges = fc.record({ key: bytes, rangeEnd: fc.option(bytes) });

test('a range that is a prefix holds exactly the keys that begin with it', () => {
  fc.assert(
    fc.property(ranges, bytes, (range, key) => {
      const prefix = prefixOf(range);
      if (prefix !== null) assert.equal(includes(range, key), key.subarray(0, prefix.length).equals(prefix));
    }),
    { numRuns: 2000 },
  );
  assert.deepEqual(prefixOf({ key: Buffer.from('a/'), rangeEnd: Buffer.from('a0') }), Buffer.from('a/'));
  assert.deepEqual(prefixOf({ key: Buffer.from([0]), rangeEnd: Buffer.from([0]) }), Buffer.alloc(0));
});

test('the index of watches finds those whose range holds a key, and no others', () => {
  fc.assert(
    fc.property(fc.array(ranges, { maxLength: 20 }), fc.array(fc.boolean()), bytes, (all, removals, key) => {
      const index = new WatchIndex<{ keys: (typeof all)[number] }>();
      const watches = all.map((watched) => ({ keys: watched }));
      for (const watch of watches) index.add(watch);
      const left = watches.filter((watch, n) => {
        if (removals[n]) index.remove(watch);
        return !removals[n];
      });
      const found = new Set<unknown>();
      index.forEach(key.toString('latin1'), (watch) => found.add(watch));
      assert.deepEqual(found, new Set(left.filter((watch) => includes(watch.keys, key))));
    }),
    { numRuns: 300 },
  );
});
