import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sequentialKey } from './acknowledged.ts';
import { ratio } from './comparison.ts';

test('a ratio of medians is above 1 where ours is better', () => {
  assert.equal(ratio([1, 30, 20], [10, 10, 500], true), 2);
  assert.equal(ratio([1, 30, 20], [10, 10, 500], false), 0.5);
  assert.equal(ratio([0], [0], false), 1);
});

test('keys are what benchmark makes of numbers', () => {
  assert.equal(sequentialKey(0), '\x00\x00\x00\x00\x00\x00\x00\x00');
  assert.equal(sequentialKey(63), '\x7e\x00\x00\x00\x00\x00\x00\x00');
  assert.equal(sequentialKey(64), '\x80\x01\x00\x00\x00\x00\x00\x00');
  assert.equal(sequentialKey(99_999), '\xbe\x9a\x0c\x00\x00\x00\x00\x00');
});
