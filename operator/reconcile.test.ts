/** One pass over what it cannot read, or has no time left for; all else of a pass is simulated in test/operator. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from './kube/errors.ts';
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

test('a pass that was too slow to send its write is made again, while this operator leads', async () => {
  const leadership = { isLeader: true, validUntilMs: Number.POSITIVE_INFINITY };
  const parts: Pick<ReconcilerParts, 'leadership' | 'clock' | 'log' | 'caches' | 'api'> = {
    leadership,
    clock: { nowMs: () => 0 } as ReconcilerParts['clock'],
    log: createLog('silent'),
    caches: {
      clusters: {
        get: () => {
          throw new KubeError('TooLate', 'create Secret apps/db-peer-ca: not sent');
        },
      },
      statefulSets: { list: () => [] },
    } as unknown as ReconcilerParts['caches'],
    api: {} as ReconcilerParts['api'],
  };
  const reconciler = new Reconciler(parts as ReconcilerParts);
  assert.ok(((await reconciler.pass('apps/db')).againAfterMs ?? Number.POSITIVE_INFINITY) <= 1_000);
  leadership.isLeader = false;
  assert.deepEqual(await reconciler.pass('apps/db'), {});
});
