import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommitNews } from './commit-news.ts';
import { ManualClock } from './testing/manual-clock.ts';

function start() {
  const clock = new ManualClock();
  const sentAtMs: number[] = [];
  const news = new CommitNews(clock, () => sentAtMs.push(clock.nowMs()));
  return { clock, sentAtMs, news };
}

test('what is held back goes by itself after a millisecond, however many turns hold it back meanwhile', () => {
  const { clock, sentAtMs, news } = start();
  assert.equal(news.mayWait, true);
  news.turnEnded(true);
  clock.advance(0.6);
  news.turnEnded(true);
  assert.deepEqual(sentAtMs, []);
  clock.advance(5);
  assert.deepEqual(sentAtMs, [1]);
});

test('what has gone with entries is not sent again, and the next waits its own time', () => {
  const { clock, sentAtMs, news } = start();
  news.turnEnded(true);
  clock.advance(0.5);
  news.turnEnded(false);
  clock.advance(5);
  assert.deepEqual(sentAtMs, []);
  assert.equal(news.mayWait, true);
  news.turnEnded(true);
  clock.advance(5);
  assert.deepEqual(sentAtMs, [6.5]);
});

test('after a wait in vain nothing waits for a while', () => {
  const { clock, news } = start();
  news.turnEnded(true);
  clock.advance(1);
  assert.equal(news.mayWait, false);
  clock.advance(99);
  assert.equal(news.mayWait, false);
  clock.advance(1);
  assert.equal(news.mayWait, true);
});
