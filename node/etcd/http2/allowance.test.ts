import assert from 'node:assert/strict';
import test from 'node:test';
import { Allowance } from './allowance.ts';

test('a burst at once, then so many a second', () => {
  let nowMs = 0;
  const allowance = new Allowance(10, 100, nowMs);
  const spend = (): boolean => allowance.spend(() => nowMs);
  for (let n = 0; n < 10; n += 1) assert.ok(spend());
  assert.ok(!spend());
  nowMs = 100;
  let passed = 0;
  while (spend()) passed += 1;
  assert.equal(passed, 9); // one was owed
  nowMs = 1_000_000;
  passed = 0;
  while (spend()) passed += 1;
  assert.equal(passed, 10);
});

test('what is earned can be spent, up to the burst', () => {
  const allowance = new Allowance(2, 0, 0);
  const spend = (): boolean => allowance.spend(() => 0);
  allowance.earn(100);
  assert.deepEqual([spend(), spend(), spend()], [true, true, false]);
  allowance.earn(2);
  assert.deepEqual([spend(), spend()], [true, false]);
});
