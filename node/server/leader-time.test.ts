import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaderTime } from './leader-time.ts';
import { ManualClock } from './testing/manual-clock.ts';

test('time goes on from where the store is, whatever the clock says, and stands still where nobody led', () => {
  const clock = new ManualClock();
  clock.advance(1_000_000.7);
  const time = new LeaderTime(clock);
  time.begin(500);
  assert.equal(time.nowMs(), 500);
  clock.advance(20.5);
  assert.equal(time.nowMs(), 520);
  clock.advance(60_000);
  time.begin(520);
  clock.advance(3);
  assert.equal(time.nowMs(), 523);
});
