/** One pass over what it cannot read, or has no time left for; all else of a pass is simulated in test/operator. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from './decide/types.ts';
import { KubeError } from './kube/errors.ts';
import { createLog } from './logging.ts';
import { createOperatorMetrics } from './metrics.ts';
import { Reconciler, type ReconcilerParts } from './reconcile.ts';
import { decisionOf, settledOf } from './status/testing/healthy.ts';

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

test('a view that stays old is shown and told like any other failure', async () => {
  const told: string[] = [];
  const shown: unknown[] = [];
  const { cluster, ...observed } = settledOf({}, {});
  const object = { ...cluster, status: {} };
  const namespace = { metadata: { name: 'apps' } };
  const none = { get: () => null, list: () => [], ownedBy: () => [] };
  const parts = {
    leadership: { isLeader: true, validUntilMs: Number.POSITIVE_INFINITY },
    clock: { nowMs: () => 0, wallMs: () => 0 },
    random: () => 0,
    log: createLog('silent'),
    metrics: createOperatorMetrics(),
    events: { record: (_: unknown, { reason }: { reason: string }) => told.push(reason) },
    caches: {
      clusters: { get: () => object, list: () => [] },
      statefulSets: none,
      pods: none,
      claims: none,
      budgets: none,
      namespaces: none,
    },
    api: {
      get: async (kind: { kind: string }) => ({ RaftCluster: object, Namespace: namespace })[kind.kind] ?? null,
      list: async () => ({ items: [], resourceVersion: '1' }),
      // As an admission webhook may answer for ever, but for what tells of it.
      patch: async (_: unknown, __: unknown, { status }: { status: { plan: { blockers: string[] } } }) => {
        if (status.plan.blockers.length === 0) throw new KubeError('Conflict', 'patch RaftCluster apps/db: not now');
        shown.push(status.plan.blockers);
        return object;
      },
    },
    observer: {
      clock: { wallMs: () => 0 },
      operatorImage: 'i',
      templateHashes: () => observed.templateHashes,
      membersOf: async () => ({ cluster: async () => Promise.reject(new Error('nobody')) }),
      monitoring: () => ({}),
    },
    decide: () => decisionOf({}, { mayApply: false }),
    statusOf: (_: unknown, { plan }: Decision) => ({ plan }),
  };
  const reconciler = new Reconciler(parts as unknown as ReconcilerParts);
  for (let times = 0; times < 10; times++) assert.deepEqual(await reconciler.pass('apps/db'), { againAfterMs: 200 });
  assert.deepEqual([told, shown], [[], []]);
  await assert.rejects(reconciler.pass('apps/db'), { code: 'Conflict' });
  assert.deepEqual([told, shown], [['WriteFailed'], [['patch RaftCluster apps/db: not now']]]);
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
