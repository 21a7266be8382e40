/** What cannot be written is told as waiting, and as no progress after a while. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusOf } from '../status/status-of.ts';
import { decisionOf, observedOf, startMs } from '../status/testing/healthy.ts';
import { blockedPlan } from './blocked-plan.ts';

const problem = 'apply StatefulSet apps/db: spec.template.spec.containers[1].image: Required value';

test('a spec that the API server refuses for a child object does not look like a cluster at rest', () => {
  const steady = decisionOf();
  assert.equal(steady.plan.action, 'Steady');
  const decision = { ...steady, plan: blockedPlan(steady.plan, problem) };
  const first = statusOf(observedOf(), decision, {});
  assert.equal(first.plan?.action, 'Wait');
  const late = statusOf(observedOf({ nowMs: startMs + 700_000 }), decision, first);
  for (const type of ['Progressing', 'Degraded']) {
    const condition = late.conditions?.find((one) => one.type === type);
    assert.equal(condition?.reason, 'DeadlineExceeded');
    assert.match(condition.message, /containers\[1\]\.image: Required value/);
  }
});

test('what was going to be done stays the plan', () => {
  const plan = { action: 'AddLearner', subject: 'db-3', reason: 'it is empty and wanted', blockers: ['a'] };
  assert.deepEqual(blockedPlan(plan, problem), { ...plan, blockers: ['a', problem] });
});
