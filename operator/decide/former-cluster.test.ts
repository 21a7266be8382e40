import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalizer } from '../api/types.ts';
import type { Observed, PodView } from '../observe/types.ts';
import { clusterOf, image, observedOf, podOf, slotOf, startMs } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

/** Made anew under the name of one that was deleted, whose last pod still ends. */
function beside(former: Partial<PodView>): Observed {
  const target = { replicas: 3, readReplicas: 0, generation: 1 };
  const cluster = clusterOf({}, { image, target });
  const pod = podOf(1, { setUid: 'former', ...former });
  return observedOf({
    cluster: { ...cluster, metadata: { ...cluster.metadata, finalizers: [finalizer] } },
    configuration: null,
    slots: [slotOf(0, { pod: null, report: null }), slotOf(1, { pod, report: null })],
  });
}

test('no StatefulSet is made while a pod of a former one still has its name', () => {
  for (const deletionDueMs of [null, startMs + 60_000, startMs - 1000]) {
    const { shape, plan, requeueAfterMs } = decide(beside({ deletionDueMs }));
    assert.equal(shape.mayApply, false);
    assert.match(plan.reason, /pod db-1 .* still ends/);
    assert.equal(requeueAfterMs, 1000);
  }
});

test('one that hangs on a dead node does not hold up the others, nor does one that nobody owns', () => {
  assert.equal(decide(beside({ deletionDueMs: startMs - 60_000 })).shape.mayApply, true);
  assert.equal(decide(beside({ setUid: null })).shape.mayApply, true);
});
