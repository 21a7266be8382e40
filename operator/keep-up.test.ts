import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fenceOf } from './act/fence.ts';
import { MemoryApi } from './act/testing/memory-api.ts';
import type { Upkeep } from './act/upkeep.ts';
import type { ActEvent } from './decide/types.ts';
import { type KeeperParts, keepUp } from './keep-up.ts';
import { KubeError } from './kube/errors.ts';
import { podDisruptionBudgetKind, serviceKind } from './kube/kinds.ts';
import type { Kind, KubeErrorCode, KubeObject, Stored } from './kube/types.ts';
import { createLog } from './logging.ts';
import { createOperatorMetrics } from './metrics.ts';
import { Refusals } from './refusals.ts';
import { clusterOf } from './status/testing/healthy.ts';

/** Answers applies of Services with an error, and all else as it should be. */
class StrictApi extends MemoryApi {
  code: KubeErrorCode | null = 'Forbidden';
  override async apply<T extends KubeObject>(kind: Kind<T>, object: T, options = {}): Promise<Stored<T>> {
    if (kind.kind === serviceKind.kind && this.code !== null) throw new KubeError(this.code, 'the policy says no');
    return super.apply(kind, object, options);
  }
}

const upkeep: readonly Upkeep[] = [serviceKind, podDisruptionBudgetKind].map((kind) => ({
  verb: 'Create',
  kind: kind as Kind<KubeObject>,
  object: { metadata: { name: 'db', namespace: 'apps' } },
  live: null,
  fields: [],
}));

function setUp() {
  const api = new StrictApi();
  const told: ActEvent[] = [];
  const clock = { nowMs: () => 0, wallMs: () => 0, after: () => ({ cancel: () => undefined }) };
  const metrics = createOperatorMetrics();
  const parts: KeeperParts = {
    api,
    clock,
    metrics,
    refusals: new Refusals(() => 1),
    fence: fenceOf({ isLeader: true, validUntilMs: 1000 }, clock),
    log: createLog('silent'),
    tell: (note) => told.push(note),
  };
  const run = () => keepUp(clusterOf(), upkeep, parts);
  const written = () => api.writes.map(({ object }) => object);
  const refused = () => parts.refusals.of('apps/db').map(({ kind, words }) => `${kind}: ${words}`);
  const errors = async () =>
    (await metrics.reconcileErrors.get()).values.map(({ labels, value }) => [labels.error, value]);
  return { api, told, run, written, refused, errors };
}

test('a refused object is told, and the next is written; once it may be written, that is told', async () => {
  const { api, told, run, written, refused, errors } = setUp();
  assert.equal(await run(), 'Refused');
  assert.deepEqual(await errors(), [['Forbidden', 1]]);
  assert.deepEqual(written(), ['PodDisruptionBudget/db']);
  assert.deepEqual(
    told.map(({ type, reason }) => `${type} ${reason}`),
    ['Warning WriteRefused', 'Normal ObjectsCreated'],
  );
  assert.match(told[0]!.message, /^Could not create the Service db: the policy says no\. /);
  assert.equal(await run(), null);
  api.code = null;
  assert.equal(await run(), 'Allowed');
  assert.deepEqual(refused(), []);
});

test('after one that took too long the others wait, and count as refused until they are written', async () => {
  const { api, run, written, refused } = setUp();
  api.code = 'Timeout';
  assert.equal(await run(), 'Refused');
  assert.deepEqual(written(), []);
  assert.deepEqual(refused(), [
    'Service: the policy says no',
    'PodDisruptionBudget: not tried after the policy says no',
  ]);
});

test('what says nothing of one object ends the pass, and what was written before it is told', async () => {
  const { api, told, run, written } = setUp();
  api.code = 'Unreachable';
  await assert.rejects(run(), { code: 'Unreachable' });
  assert.deepEqual([written(), told], [[], []]);
});
