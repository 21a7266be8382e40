import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Life } from './life.ts';
import { Random } from './random.ts';
import { Scheduler, synchronously } from './scheduler.ts';

test('events run in the order of time, and of scheduling within one moment', () =>
  synchronously(() => {
    const scheduler = new Scheduler();
    const seen: string[] = [];
    scheduler.after(2, () => seen.push('c'));
    scheduler.after(1, () => seen.push('a'));
    scheduler.after(1, () => seen.push('b'));
    while (scheduler.step());
    assert.deepEqual(seen, ['a', 'b', 'c']);
  }));

test('what an event sets off in promises is done before time moves, however deep', () =>
  synchronously(() => {
    const scheduler = new Scheduler();
    let doneAtMs = -1;
    const deep = async (levels: number): Promise<void> => {
      if (levels > 0) await deep(levels - 1);
      else await Promise.resolve();
    };
    scheduler.after(5, () => void deep(500).then(() => (doneAtMs = scheduler.nowMs)));
    scheduler.after(6, () => {});
    scheduler.step();
    assert.equal(doneAtMs, 5);
  }));

test('a paused process hears everything in order when it goes on, a dead one nothing', () =>
  synchronously(() => {
    const scheduler = new Scheduler();
    const life = new Life(scheduler);
    const seen: string[] = [];
    life.pause();
    life.after(1, () => seen.push('timer'));
    void life.operation(2, () => seen.push('effect')).then(() => seen.push('answer'));
    for (let steps = 0; steps < 2; steps++) scheduler.step();
    assert.deepEqual(seen, ['effect']);
    life.resume();
    while (scheduler.step());
    assert.deepEqual(seen, ['effect', 'timer', 'answer']);
    life.after(1, () => seen.push('never'));
    life.kill();
    while (scheduler.step());
    assert.equal(seen.length, 3);
  }));

test('a seed gives the same numbers, and a fork does not depend on what was drawn before it', () => {
  const one = new Random('7');
  const other = new Random('7');
  one.unit();
  assert.equal(one.fork('disk').unit(), other.fork('disk').unit());
  assert.notEqual(one.fork('disk').unit(), one.fork('network').unit());
  const counts = [0, 0, 0, 0];
  for (let draws = 0; draws < 4000; draws++) counts[one.below(4)]!++;
  for (const count of counts) assert.ok(count > 850 && count < 1150, `${counts}`);
});
