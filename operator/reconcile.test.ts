/** One pass over what it cannot read; all else of a pass is simulated in test/operator. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './logging.ts';
import { createOperatorMetrics } from './metrics.ts';
import { Reconciler, type ReconcilerParts } from './reconcile.ts';

test('a spec that this operator does not understand is said in an event, and nothing is written', async () => {
  const events: unknown[] = [];
  const metadata = { namespace: 'apps', name: 'db', uid: 'u', resourceVersion: '1' };
  const object = { metadata, spec: { healing: { mode: 'ByMagic' } } };
  const parts: Pick<ReconcilerParts, 'leadership' | 'clock' | 'log' | 'metrics' | 'events' | 'caches' | 'api'> = {
    leadership: { isLeader: true, validUntilMs: Number.POSITIVE_INFINITY },
    clock: { nowMs: () => 0 } as ReconcilerParts['clock'],
    log: createLog('silent'),
    metrics: createOperatorMetrics(),
    events: { record: (subject, note) => events.push({ subject, note }) },
    caches: {
      clusters: { get: () => object },
      statefulSets: { list: () => [] },
    } as unknown as ReconcilerParts['caches'],
    api: {} as ReconcilerParts['api'],
  };
  const reconciler = new Reconciler(parts as ReconcilerParts);
  assert.deepEqual(await reconciler.pass('apps/db'), { againAfterMs: 600_000 });
  assert.partialDeepStrictEqual(events, [
    {
      subject: { kind: 'RaftCluster', metadata: { namespace: 'apps', name: 'db', uid: 'u' } },
      note: { type: 'Warning', reason: 'SpecNotUnderstood' },
    },
  ]);
  assert.match(JSON.stringify(events), /does nothing: the spec is not understood: healing\.mode: /);
});
