import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantityValue } from './quantity.ts';

test('a quantity has one value, however it is written', () => {
  assert.equal(quantityValue('1Gi'), 2 ** 30);
  assert.equal(quantityValue('1024Mi'), 2 ** 30);
  assert.equal(quantityValue('1.5Gi'), 1.5 * 2 ** 30);
  assert.equal(quantityValue('100m'), 0.1);
  assert.equal(quantityValue('1e3'), 1000);
  assert.equal(quantityValue('1E'), 1e18);
  assert.equal(quantityValue('0'), 0);
});

test('anything else is none', () => {
  for (const text of ['', 'Gi', '1 Gi', '1gi', 'one', '1.2.3', '1e']) assert.equal(quantityValue(text), null, text);
});
