import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';

test('pauses double up to the greatest, and start again after a reset', () => {
  const backoff = new Backoff({ minMs: 10, maxMs: 100 }, () => 1);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map(() => backoff.nextMs()),
    [10, 20, 40, 80, 100, 100],
  );
  backoff.reset();
  assert.equal(backoff.nextMs(), 10);
});

test('half of each pause is random', () => {
  const backoff = new Backoff({ minMs: 100, maxMs: 100 }, () => 0);
  assert.equal(backoff.nextMs(), 50);
});

test('a peer that is away for a year does not make the pause overflow', () => {
  const backoff = new Backoff({ minMs: 10, maxMs: 2000 }, () => 1);
  for (let i = 0; i < 5000; i++) backoff.nextMs();
  assert.equal(backoff.nextMs(), 2000);
});
