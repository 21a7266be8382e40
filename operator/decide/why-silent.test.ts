/** What a user reads of a pod that does not come, and where the rest of it is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterOf, observedOf, podOf, slotOf, votersSet } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

test('of a pod that is not made, or does not start, the plan says whose events tell why', () => {
  const cluster = clusterOf({}, { hasFormed: false, target: { replicas: 3, readReplicas: 0, generation: 1 } });
  delete (cluster.status as { clusterID?: string }).clusterID;
  const { plan } = decide(
    observedOf({
      cluster: { ...cluster, metadata: { ...cluster.metadata, finalizers: ['quorate.dev/volumes'] } },
      configuration: null,
      sets: { Voters: votersSet, Readers: null },
      slots: [
        slotOf(0, { pod: null, volume: null, report: null }),
        slotOf(1, { pod: podOf(1, { phase: 'Pending', isReady: false }), volume: null, report: null }),
        slotOf(2, { volume: null, report: { kind: 'Unreachable', error: 'connection refused' } }),
      ],
    }),
  );
  assert.deepEqual(plan.blockers, [
    'pod db-0 is not there yet (if it stays so, the events of StatefulSet db say why)',
    'pod db-1 has not started yet (if it stays so, its events say why)',
    'db-2 does not answer yet: connection refused',
  ]);
});
