/** In what order pods restart, and what they wait for; that no quorum is lost by it is in decide.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RaftClusterSpecInput } from '../api/types.ts';
import type { Observed, PodView } from '../observe/types.ts';
import { ledSlots, podOf, settledOf, startMs } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

const before: Partial<PodView> = { templateHash: 'before', readyChangedMs: 0 };
const done: Partial<PodView> = { readyChangedMs: 0 };

function rolling(pods: readonly Partial<PodView>[], spec: RaftClusterSpecInput = {}, change: Partial<Observed> = {}) {
  const slots = ledSlots(...pods.map((pod, n): [number, { pod: PodView }] => [n, { pod: podOf(n, pod) }]));
  return decide(settledOf(spec, {}, { slots, ...change }));
}

test('followers from the highest ordinal down, by eviction; the leader last, when another leads', () => {
  const first = rolling([before, before, before]).act;
  assert.ok(first?.kind === 'EvictPod' && first.pod.name === 'db-2');
  const second = rolling([before, before, done]).act;
  assert.ok(second?.kind === 'EvictPod' && second.pod.name === 'db-1');
  const third = rolling([before, done, done]).act;
  assert.ok(third?.kind === 'TransferLeader' && third.toName !== 'db-0');
});

test('the next one waits until the last has been ready for long enough', () => {
  const young: Partial<PodView> = { readyChangedMs: startMs - 2000 };
  const { act, plan, requeueAfterMs } = rolling([before, before, young]);
  assert.equal(act, null);
  assert.deepEqual(plan.blockers, ['the rollout waits until db-2 has been ready for 5 s']);
  assert.equal(requeueAfterMs, 3000);
  assert.equal(rolling([before, before, young], { updateStrategy: { minReadySeconds: 1 } }).act?.kind, 'EvictPod');
});

test('the budget has the last word, and with Manual the user has', () => {
  const spent = rolling([before, before, before], {}, { pdb: { minAvailable: 2, disruptionsAllowed: 0 } });
  assert.equal(spent.act, null);
  assert.deepEqual(spent.plan.blockers, ['the PodDisruptionBudget allows no eviction of db-2 now']);
  const missing = rolling([before, before, before], {}, { pdb: null });
  assert.equal(missing.act, null);
  assert.deepEqual(missing.plan.blockers, ['db-2 is not restarted now: its PodDisruptionBudget is not there yet']);
  const unwanted = rolling([before, before, before], { disruption: { mode: 'Disabled' } }, { pdb: null });
  assert.equal(unwanted.act?.kind, 'DeletePod');
  const manual = rolling([before, done, done], { updateStrategy: { type: 'Manual' } });
  assert.equal(manual.act, null);
  assert.match(
    manual.plan.blockers.join(),
    /^outdated, and left to you since spec\.updateStrategy\.type is Manual: delete pod db-0$/,
  );
});
