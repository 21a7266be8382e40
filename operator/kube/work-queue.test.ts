import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from './testing/manual-clock.ts';
import { until } from './testing/until.ts';
import { type Work, WorkQueue } from './work-queue.ts';

type Pass = { key: string; done: (work?: Work) => void; fail: () => void };

function setUp(workers = 4) {
  const clock = new ManualClock();
  const passes: Pass[] = [];
  const log: string[] = [];
  const queue = new WorkQueue({
    workers,
    clock,
    random: () => 1,
    backoff: { firstMs: 100, mostMs: 1000 },
    worker: (key, signal) =>
      new Promise((resolve, reject) => {
        log.push(key);
        signal.addEventListener('abort', () => log.push(`abort ${key}`));
        passes.push({ key, done: (work = {}) => resolve(work), fail: () => reject(new Error('no')) });
      }),
  });
  const next = async (): Promise<Pass> => {
    await until(() => passes.length > 0, 'a pass began');
    return passes.shift()!;
  };
  return { clock, queue, passes, log, next };
}

test('a key that is added many times waits once, and is not worked on by two', async () => {
  const { queue, log, next } = setUp();
  for (let times = 0; times < 5; times += 1) queue.add('a');
  const first = await next();
  for (let times = 0; times < 5; times += 1) queue.add('a');
  queue.add('b');
  await until(() => log.length === 2, 'another key is not held up');
  assert.deepEqual(log, ['a', 'b']);
  first.done();
  await until(() => log.length === 3, 'what came during the pass is seen by one more');
  assert.deepEqual(log, ['a', 'b', 'a']);
});

test('no more than so many workers, first come first', async () => {
  const { queue, log, next } = setUp(2);
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  assert.deepEqual(log, ['a', 'b']);
  assert.equal(queue.depth, 2);
  (await next()).done();
  await until(() => log.length === 3, 'the third began');
  assert.deepEqual(log, ['a', 'b', 'c']);
});

test('a pass that adds keys while it begins does not get more workers', () => {
  const clock = new ManualClock();
  const log: string[] = [];
  const queue: WorkQueue = new WorkQueue({
    workers: 1,
    clock,
    random: () => 0,
    worker: (key) => {
      log.push(key);
      if (key === 'a') queue.add('b');
      return new Promise(() => {});
    },
  });
  queue.add('a');
  assert.deepEqual(log, ['a']);
});

test('failures back off up to a limit, and success resets', async () => {
  const { clock, queue, next } = setUp();
  queue.add('a');
  for (const delayMs of [100, 200, 400, 800, 1000, 1000]) {
    (await next()).fail();
    await until(() => clock.delaysMs.length === 1, 'it waits');
    assert.deepEqual(clock.delaysMs, [delayMs]);
    clock.advance(delayMs);
  }
  (await next()).done();
  queue.add('a');
  (await next()).fail();
  await until(() => clock.delaysMs.length === 1, 'it waits');
  assert.deepEqual(clock.delaysMs, [100]);
});

test('a failing pass that causes its own event still backs off', async () => {
  const { clock, queue, log, next } = setUp();
  queue.add('a');
  const pass = await next();
  queue.add('a');
  pass.fail();
  await until(() => clock.delaysMs.length === 1, 'it waits');
  assert.deepEqual(log, ['a']);
});

test('an event during the wait is worked on at once, and the wait is over', async () => {
  const { clock, queue, log, next } = setUp();
  queue.add('a');
  (await next()).fail();
  await until(() => clock.delaysMs.length === 1, 'it waits');
  queue.add('a');
  assert.deepEqual(log, ['a', 'a']);
  assert.deepEqual(clock.delaysMs, []);
});

test('of several times to come back the earliest counts', async () => {
  const { clock, queue, log, next } = setUp();
  queue.addAfter('a', 500);
  queue.addAfter('a', 200);
  queue.addAfter('a', 900);
  clock.advance(200);
  assert.deepEqual(log, ['a']);
  (await next()).done({ againAfterMs: 50 });
  await until(() => clock.delaysMs.length === 1, 'it comes back');
  clock.advance(49);
  assert.equal(log.length, 1);
  clock.advance(1);
  assert.equal(log.length, 2);
});

test('shutdown aborts what runs, waits for it, and starts nothing more', async () => {
  const { clock, queue, log, next } = setUp(1);
  queue.add('a');
  queue.add('b');
  queue.addAfter('c', 10);
  const pass = await next();
  let ended = false;
  const shutDown = queue.shutDown().then(() => {
    ended = true;
  });
  await until(() => log.includes('abort a'), 'the pass was told');
  assert.equal(ended, false);
  pass.done({ againAfterMs: 1 });
  await shutDown;
  queue.add('d');
  clock.advance(1000);
  assert.deepEqual(log, ['a', 'abort a']);
});
