import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOlder } from './resource-version.ts';

test('resource versions are in the order of their numbers, however long', () => {
  const version = fc.bigInt({ min: 1n, max: 2n ** 80n });
  fc.assert(
    fc.property(version, version, (one, other) => {
      assert.equal(isOlder(String(one), String(other)), one < other);
    }),
  );
});
