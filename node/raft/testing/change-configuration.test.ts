import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assertValidConfiguration, membersOf, votersOf } from '../configuration.ts';
import { InvariantBroken } from '../invariant.ts';
import type { Configuration } from '../types.ts';
import { enterConfiguration, leaveJoint } from './change-configuration.ts';

const of = (voters: number[], learners: number[] = []): Configuration => ({ voters, leaving: null, learners });

test('a change of one voter takes one step (thesis 4.1)', () => {
  assert.deepEqual(enterConfiguration(of([1, 2, 3]), { voters: [1, 2, 3, 4], learners: [] }), of([1, 2, 3, 4]));
  assert.deepEqual(enterConfiguration(of([1, 2, 3]), { voters: [3, 1], learners: [2] }), of([1, 3], [2]));
});

test('a larger change goes through a joint configuration (thesis 4.3)', () => {
  const joint = enterConfiguration(of([1], [2, 3]), { voters: [1, 2, 3], learners: [] });
  assert.deepEqual(joint, { voters: [1, 2, 3], leaving: [1], learners: [] });
  assert.deepEqual(leaveJoint(joint), of([1, 2, 3]));
});

test('a voter that will learn is no learner while it still votes in the old half', () => {
  const joint = enterConfiguration(of([1, 2, 3]), { voters: [4, 5], learners: [1, 6] });
  assert.deepEqual(joint, { voters: [4, 5], leaving: [1, 2, 3], learners: [6] });
});

test('a joint configuration refuses the next change until it is left', () => {
  const joint = { voters: [1, 2, 3], leaving: [1], learners: [] };
  assert.throws(() => enterConfiguration(joint, { voters: [1], learners: [] }), InvariantBroken);
  assert.throws(() => leaveJoint(of([1])), InvariantBroken);
});

test('whatever the change, the result is valid and its majorities overlap with those before', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(ids, ids, (before, after) => {
      const current = of([...before].sort((a, b) => a - b));
      const next = enterConfiguration(current, { voters: after, learners: [] });
      assertValidConfiguration(next);
      if (next.leaving !== null) assert.deepEqual(next.leaving, current.voters);
      else assert.ok(Math.abs(next.voters.length - current.voters.length) <= 1);
      assert.deepEqual(membersOf(next), votersOf(next));
    }),
  );
});
