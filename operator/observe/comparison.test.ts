import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiStatus } from '../../client/types.ts';
import { answerOf, clusterId, configurationOf, slotOf } from '../status/testing/healthy.ts';
import { comparisonOf } from './comparison.ts';
import type { Comparison } from './types.ts';

function comparisonIn(...changes: readonly Partial<ApiStatus>[]): Comparison {
  const slots = changes.map((change, ordinal) =>
    slotOf(ordinal, { report: { kind: 'Answered', status: answerOf(ordinal, change) } }),
  );
  return comparisonOf(slots, clusterId, configurationOf(3));
}

test('the word of the member counts that has applied the most: the others may not have the entry yet', () => {
  const behind = { applied: 8, corrupt_members: [] };
  assert.deepEqual(comparisonIn(behind, { applied: 9, corrupt_members: [2] }, behind), {
    kind: 'Differs',
    members: ['db-1'],
    isDecided: true,
  });
  assert.deepEqual(comparisonIn({ applied: 9, corrupt_members: [] }, { applied: 8, corrupt_members: [2] }), {
    kind: 'Equal',
  });
});

test('0 is nobody: it is not known whose keys are wrong, though some may be', () => {
  assert.deepEqual(comparisonIn({ corrupt_members: [0, 3] }), {
    kind: 'Differs',
    members: ['db-2'],
    isDecided: false,
  });
});

test('a parked member, one of another cluster and one of an older version say nothing', () => {
  const silent: readonly Partial<ApiStatus>[] = [
    { state: 'Parked', corrupt_members: [2] },
    { cluster_id: 'another', corrupt_members: [2] },
    {},
  ];
  for (const change of silent) {
    assert.deepEqual(comparisonIn(change), { kind: 'NotTold' });
  }
});

test('a member without a name, which an etcd client has added, goes by its id', () => {
  const { members } = configurationOf(3);
  const unnamed = [...members, { ...members[0]!, id: 4, name: '' }];
  assert.deepEqual(comparisonIn({ corrupt_members: [4], members: unnamed }), {
    kind: 'Differs',
    members: ['member 4'],
    isDecided: true,
  });
});
