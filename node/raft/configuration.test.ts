import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertValidConfiguration } from './configuration.ts';
import type { Configuration } from './types.ts';

const of = (voters: number[], learners: number[] = []): Configuration => ({ voters, leaving: null, learners });

test('an impossible configuration is refused', () => {
  assert.throws(() => assertValidConfiguration(of([2, 1])), /not sorted/);
  assert.throws(() => assertValidConfiguration(of([1], [1])), /both votes and learns/);
  assert.throws(() => assertValidConfiguration(of([], [1])), /no voters/);
  assert.throws(() => assertValidConfiguration(of([0])), /not a positive integer/);
  assert.throws(() => assertValidConfiguration({ voters: [1], leaving: [], learners: [] }), /empty old half/);
});
