import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NameTaken } from './act/children.ts';
import { refusalOf } from './act/refusal.ts';
import type { Upkeep } from './act/upkeep.ts';
import { annotations } from './api/names.ts';
import { KubeError } from './kube/errors.ts';
import { serviceKind } from './kube/kinds.ts';
import type { KubeErrorCode } from './kube/types.ts';
import { Refusals } from './refusals.ts';

const CLUSTER = 'apps/db';

function creation(hash = 'h1'): Upkeep {
  const metadata = { name: 'db', annotations: { [annotations.appliedHash]: hash } };
  return { verb: 'Create', kind: serviceKind, object: { metadata }, live: null, fields: [] };
}

function refuse(refusals: Refusals, upkeep: Upkeep, nowMs: number, words = 'no'): boolean {
  return refusals.note(CLUSTER, upkeep, refusalOf(upkeep, new KubeError('Forbidden', words))!, nowMs);
}

test('what is refused is tried again less and less often, at most after a minute', () => {
  const refusals = new Refusals(() => 1);
  let nowMs = 0;
  const waits = [1, 2, 3, 4, 5, 6].map(() => {
    refuse(refusals, creation(), nowMs);
    const waitMs = refusals.dueInMs(CLUSTER, nowMs)!;
    assert.equal(refusals.isHeldBack(CLUSTER, creation(), nowMs + waitMs - 1), true);
    nowMs += waitMs;
    assert.equal(refusals.isHeldBack(CLUSTER, creation(), nowMs), false);
    return waitMs;
  });
  assert.deepEqual(waits, [5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

test('only other words are something new to decide on', () => {
  const refusals = new Refusals(() => 1);
  assert.equal(refuse(refusals, creation(), 0), true);
  assert.equal(refuse(refusals, creation(), 5000), false);
  assert.equal(refuse(refusals, creation(), 15_000, 'not now'), true);
  assert.deepEqual(
    refusals.of(CLUSTER).map(({ kind, name, task, words }) => `${task} ${kind} ${name}: ${words}`),
    ['create Service db: not now'],
  );
});

test('a refusal is forgotten once the object is written, wanted no more, or wanted otherwise', () => {
  const refusals = new Refusals(() => 1);
  refuse(refusals, creation(), 0);
  assert.equal(refusals.keepOnly(CLUSTER, [creation()]), false);
  assert.equal(refusals.keepOnly(CLUSTER, [creation('h2')]), true);
  assert.equal(refusals.dueInMs(CLUSTER, 0), null);
  refuse(refusals, creation(), 0);
  assert.equal(refusals.keepOnly(CLUSTER, []), true);
  refuse(refusals, creation(), 0);
  assert.equal(refusals.written(CLUSTER, creation()), true);
  assert.equal(refusals.written(CLUSTER, creation()), false);
});

test('what says nothing of this one object ends the pass', () => {
  const isRefusal = (code: KubeErrorCode) => refusalOf(creation(), new KubeError(code, 'x')) !== null;
  const ofOne: KubeErrorCode[] = [
    'Forbidden',
    'Unauthorized',
    'Invalid',
    'BadRequest',
    'KindNotServed',
    'ServerError',
    'Timeout',
  ];
  assert.ok(ofOne.every(isRefusal));
  const ofAll: KubeErrorCode[] = ['Conflict', 'NotFound', 'TooLate', 'Unreachable', 'TooManyRequests'];
  assert.ok(!ofAll.some(isRefusal));
  assert.match(
    refusalOf(creation(), new NameTaken('the Service db is not of this RaftCluster'))!.words,
    /is not of this/,
  );
  assert.equal(refusalOf(creation(), new TypeError('a mistake')), null);
});
