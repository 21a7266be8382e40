import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalizer } from '../api/types.ts';
import type { Observed } from '../observe/types.ts';
import { answerOf, clusterOf, configurationOf, image, observedOf, podOf, slotOf } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

const target = { replicas: 3, readReplicas: 0, generation: 1 };
const bare = clusterOf({}, { image, target, hasFormed: true });
const cluster = { ...bare, metadata: { ...bare.metadata, finalizers: [finalizer] } };

function rolesOf(change: Partial<Observed>): ReturnType<typeof decide>['shape']['roleLabels'] {
  return decide(observedOf({ cluster, ...change })).shape.roleLabels;
}

test('every member has its role on its pod, a learner that of a learner', () => {
  const configuration = configurationOf(3);
  const members = configuration.members.map((member) =>
    member.name === 'db-2' ? { ...member, role: 'Learner' as const } : member,
  );
  assert.deepEqual(rolesOf({ configuration: { ...configuration, members } }), {
    'db-0': 'voter',
    'db-1': 'voter',
    'db-2': 'learner',
  });
});

test('a pod whose member was removed loses its role, as does one that holds other data than the member of its name', () => {
  assert.equal(rolesOf({ configuration: configurationOf(2) })['db-2'], null);
  const status = answerOf(2, { incarnation: 'another' });
  const slots = [slotOf(0), slotOf(1), slotOf(2, { report: { kind: 'Answered', status } })];
  assert.equal(rolesOf({ slots })['db-2'], null);
});

test('what nobody knows stays: without a configuration, and of a pod whose data is not known', () => {
  assert.deepEqual(rolesOf({ configuration: null }), {});
  const slots = [slotOf(0), slotOf(1), slotOf(2, { pod: podOf(2), volume: null, report: null })];
  assert.ok(!('db-2' in rolesOf({ slots })));
});

test('the budget is a quorum of what there is or shall be, whichever is more, and none of one or two', () => {
  const budgetOf = (live: number, wanted: number): number | null => {
    const target = { replicas: wanted, readReplicas: 0, generation: 1 };
    const { metadata, status } = clusterOf({ replicas: wanted }, { image, target, hasFormed: true });
    const growing = { ...clusterOf({ replicas: wanted }), metadata, status };
    return decide(observedOf({ cluster: growing, configuration: configurationOf(live) })).shape.minAvailable;
  };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((voters) => budgetOf(voters, voters)),
    [null, null, 2, 3, 3, 4, 4, 5, 5],
  );
  assert.deepEqual([budgetOf(3, 5), budgetOf(5, 3), budgetOf(1, 3), budgetOf(3, 1)], [3, 3, 2, 2]);
  assert.equal(budgetOf(3, 0), null, 'while the pods are stopped');
});
