import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  historyKey,
  indexKey,
  indexRange,
  indexRangeOfKey,
  keyOfIndex,
  positionOfHistory,
  revisionOfIndex,
} from './row-keys.ts';
import { keys } from './testing/arbitraries.ts';

const anyKey = fc.oneof(
  keys,
  fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
);
const revisions = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.maxSafeNat());

test('index rows are in order of key, and of one key the newest first', () => {
  fc.assert(
    fc.property(anyKey, anyKey, revisions, revisions, (key, other, revision, otherRevision) => {
      const order = Buffer.compare(indexKey(key, revision), indexKey(other, otherRevision));
      const expected = key.compare(other) || Math.sign(otherRevision - revision);
      assert.equal(order, expected);
    }),
    { numRuns: 1000 },
  );
});

test('an index row gives back its key and revision, a history row its position', () => {
  fc.assert(
    fc.property(anyKey, revisions, fc.nat(), (key, revision, sub) => {
      const row = indexKey(key, revision);
      assert.deepEqual(keyOfIndex(row), key);
      assert.equal(revisionOfIndex(row), revision);
      assert.deepEqual(positionOfHistory(historyKey(revision, sub)), { revision, sub });
    }),
  );
});

test('a range of the index holds exactly the rows of its keys', () => {
  fc.assert(
    fc.property(anyKey, anyKey, anyKey, revisions, revisions, (from, to, key, revision, newest) => {
      const row = indexKey(key, revision);
      const isWithin = (range: { from: Uint8Array; to: Uint8Array }): boolean =>
        row.compare(range.from) >= 0 && row.compare(range.to) < 0;
      const isOpen = to.equals(Buffer.from([0]));
      const isKeyIn = key.compare(from) >= 0 && (isOpen || key.compare(to) < 0);
      assert.equal(isWithin(indexRange({ key: from, rangeEnd: to })), isKeyIn);
      assert.equal(isWithin(indexRangeOfKey(from, newest)), key.equals(from) && revision <= newest);
    }),
    { numRuns: 1000 },
  );
});
