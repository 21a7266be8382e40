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
