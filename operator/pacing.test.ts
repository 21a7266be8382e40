import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pacing } from './pacing.ts';

test('an act that is made again and again waits longer each time, up to ten seconds; another one does not', () => {
  const pacing = new Pacing();
  const act = { kind: 'RemoveFinalizer' } as const;
  const delays = Array.from({ length: 9 }, () => pacing.afterAct('ns/db', act));
  assert.deepEqual(delays, [0, 250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  assert.equal(pacing.afterAct('ns/db', { kind: 'AddFinalizer' }), 0);
  assert.equal(pacing.afterAct('ns/other', { kind: 'AddFinalizer' }), 0);
});

test('a view that stays old is no old view but a failure, until a pass gets through', () => {
  const pacing = new Pacing();
  const tenTimes = () => Array.from({ length: 10 }, () => pacing.afterOldView('ns/db'));
  assert.equal(pacing.isViewAlwaysOld('ns/db'), false);
  assert.deepEqual(tenTimes(), Array(10).fill(200));
  assert.equal(pacing.isViewAlwaysOld('ns/db'), true);
  assert.deepEqual([pacing.afterOldView('ns/db'), pacing.afterOldView('ns/other')], [null, 200]);
  pacing.passed('ns/db');
  assert.deepEqual(tenTimes(), Array(10).fill(200));
});
