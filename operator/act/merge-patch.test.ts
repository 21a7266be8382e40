import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePatch } from './merge-patch.ts';

test('what is the same is not in the patch, however deep', () => {
  assert.deepEqual(mergePatch({ a: 1, b: { c: [{ d: 1 }] } }, { a: 1, b: { c: [{ d: 1 }] } }), {});
  assert.deepEqual(mergePatch({ a: undefined }, {}), {});
});

test('what is gone is null, what is new is there, a list goes as a whole', () => {
  const patch = mergePatch(
    { gone: 1, deep: { gone: 1, kept: 1 }, list: [1] },
    { deep: { kept: 1 }, list: [1, 2], new: {} },
  );
  assert.deepEqual(patch, { gone: null, deep: { gone: null }, list: [1, 2], new: {} });
});
