import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { del, pull, pullFrom, put, StoreUnderTest, span } from './testing/store-under-test.ts';
import type { WatchBatch, WatchOptions } from './types.ts';

function watching(
  key: string,
  end: string | null,
  startRevision: number,
  extra: Partial<WatchOptions> = {},
): WatchOptions {
  return { ...span(key, end), startRevision, returnPrevious: false, ...extra };
}

function described(batches: readonly WatchBatch[]): string[] {
  return batches.map(
    ({ revision, events }) =>
      `${revision}:${events.map(({ kind, item, previous }) => `${kind} ${item.key}=${item.value}${previous ? ` was ${previous.value}` : ''}`).join(',')}`,
  );
}

test('events of one revision come together, a mark tells that history is caught up', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply({
    kind: 'Txn',
    compares: [],
    success: [put('a', '1'), put('b', '2'), put('x', '3')],
    failure: [],
  });
  await subject.apply(put('x', '4'));
  const watch = subject.store.watch(watching('a', 'c', 1));
  assert.equal(watch.revision, 3);
  assert.deepEqual(described(await pull(watch, { through: 3 })), ['2:Put a=1,Put b=2', '3:']);
});

test('a watch on a revision to come is silent until then', async () => {
  const subject = await StoreUnderTest.found();
  const iterator = subject.store.watch(watching('a', null, 4))[Symbol.asyncIterator]();
  for (const value of ['1', '2', '3']) await subject.apply(put('a', value));
  assert.deepEqual(described(await pullFrom(iterator, { count: 1 })), ['4:Put a=3']);
});

test('a mark that was asked for comes after what happened before, and marks do not pile up', async () => {
  const subject = await StoreUnderTest.found();
  const watch = subject.store.watch(watching('a', null, 0));
  watch.requestProgress();
  await subject.apply(put('a', '1'));
  await subject.apply(put('b', '1'));
  watch.requestProgress();
  watch.requestProgress();
  assert.deepEqual(described(await pull(watch, { through: 3 })), ['1:', '2:Put a=1', '3:']);
});

test('previous values come on demand, large ones too, live and from history', async () => {
  const subject = await StoreUnderTest.found();
  const large = 'x'.repeat(2000);
  const live = subject.store.watch(watching('a', null, 0, { returnPrevious: true }));
  for (const command of [put('a', '1'), put('a', large), put('a', '3'), del('a'), put('a', '5')])
    await subject.apply(command);
  live.requestProgress();
  const expected = [
    '2:Put a=1',
    `3:Put a=${large} was 1`,
    `4:Put a=3 was ${large}`,
    '5:Delete a= was 3',
    '6:Put a=5',
    '6:',
  ];
  assert.deepEqual(described(await pull(live, { through: 6 })), expected);
  const past = subject.store.watch(watching('a', null, 2, { returnPrevious: true }));
  assert.deepEqual(described(await pull(past, { through: 6 })), expected);
});

test('puts or deletes can be left out', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([put('a', '1'), del('a')]);
  const puts = subject.store.watch(watching('a', null, 1, { skipDeletes: true }));
  const deletes = subject.store.watch(watching('a', null, 1, { skipPuts: true }));
  assert.deepEqual(described(await pull(puts, { through: 3 })), ['2:Put a=1', '3:']);
  assert.deepEqual(described(await pull(deletes, { through: 3 })), ['3:Delete a=', '3:']);
});

test('the compacted revision can be watched from, deletes of it too, and nothing older', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([put('a', '1'), put('b', '1'), del('a'), put('c', '1'), { kind: 'Compact', revision: 4 }]);
  await subject.compactFully();
  await subject.reopen();
  const watch = subject.store.watch(watching('a', 'z', 4, { returnPrevious: true }));
  assert.deepEqual(described(await pull(watch, { through: 5 })), ['4:Delete a=', '5:Put c=1', '5:']);
  await assert.rejects(pull(subject.store.watch(watching('a', null, 3)), {}), {
    code: 'compacted',
    compactedRevision: 4,
  });
  assert.equal(subject.store.stats().watcherCount, 1);
});

test('a slow watch whose place in history is compacted ends', async () => {
  const subject = await StoreUnderTest.found({ maxQueuedBytesPerWatch: 300 });
  const watch = subject.store.watch(watching('a', null, 0));
  for (const value of ['1', '2', '3', '4']) await subject.apply(put('a', value));
  assert.equal(subject.store.stats().slowWatcherCount, 1);
  await subject.apply({ kind: 'Compact', revision: 4 });
  await assert.rejects(pull(watch, {}), { code: 'compacted', compactedRevision: 4 });
  assert.deepEqual([subject.store.stats().watcherCount, subject.store.stats().slowWatcherCount], [0, 0]);
});

test('compaction that goes on while history is read is noticed', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([put('a', '1'), put('a', '2'), put('a', '3')]);
  const reading = pull(subject.store.watch(watching('a', null, 2)), { through: 4 });
  await subject.apply({ kind: 'Compact', revision: 4 });
  await subject.compactFully();
  await reading.then(
    (batches) => assert.deepEqual(described(batches), ['2:Put a=1', '3:Put a=2', '4:Put a=3', '4:']),
    (error) => assert.equal(error.code, 'compacted'),
  );
});

test('a watch that is closed ends, whether its consumer waits or has not begun', async () => {
  const subject = await StoreUnderTest.found();
  const waiting = subject.store.watch(watching('a', null, 0));
  const next = waiting[Symbol.asyncIterator]().next();
  waiting.close();
  assert.deepEqual(await next, { value: undefined, done: true });
  const idle = subject.store.watch(watching('a', null, 1));
  idle.close();
  idle.close();
  assert.deepEqual(await pull(idle, {}), []);
  const left = subject.store.watch(watching('a', null, 0));
  await subject.apply(put('a', '1'));
  for await (const batch of left) {
    assert.equal(batch.revision, 2);
    break;
  }
  assert.deepEqual([subject.store.stats().watcherCount, subject.store.stats().slowWatcherCount], [0, 0]);
});

test('a revision larger than a slice of history still comes as one', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll(Array.from({ length: 2500 }, (_, n) => put(`k${n}`, 'v')));
  await subject.apply(del('k', 'l'));
  const watch = subject.store.watch(watching('k', 'l', 2502));
  const [batch] = await pull(watch, { count: 1 });
  assert.equal(batch?.events.length, 2500);
});

test('a watch goes on in the store that a snapshot has brought, with what it was promised', async () => {
  const behind = await StoreUnderTest.found();
  const ahead = await StoreUnderTest.found();
  const commands = [put('a', '1'), put('a', '2'), put('a', '3'), put('a', '4')];
  const synced = behind.store.watch(watching('a', null, 0));
  const future = behind.store.watch(watching('a', null, 4));
  await behind.applyAll(commands.slice(0, 1));
  await ahead.applyAll(commands.slice(0, 3));
  ahead.store.adoptWatches(behind.store);
  await ahead.applyAll(commands.slice(3));
  assert.deepEqual(described(await pull(synced, { through: 5 })), [
    '2:Put a=1',
    '3:Put a=2',
    '4:Put a=3',
    '5:Put a=4',
    '5:',
  ]);
  assert.deepEqual(described(await pull(future, { count: 2 })), ['4:Put a=3', '5:Put a=4']);
  assert.equal(behind.store.stats().watcherCount, 0);
  assert.equal(ahead.store.stats().watcherCount, 2);
});

test('a watch does not read the engine that a snapshot replaces, which is closed before', async () => {
  const behind = await StoreUnderTest.found();
  const ahead = await StoreUnderTest.found();
  const large = 'x'.repeat(2000);
  const commands = [put('a', large), put('a', large), put('a', '3')];
  await behind.applyAll(commands.slice(0, 1));
  const [slow, made] = [2, 2].map((revision) => behind.store.watch(watching('a', null, revision)));
  const fast = behind.store.watch(watching('a', null, 0, { returnPrevious: true }));
  await behind.applyAll(commands.slice(1, 2));
  behind.store.holdWatches();
  await behind.store.writeOut();
  const [first, wanted] = [slow!.next(), fast.next()];
  await behind.engine.close();
  const second = made!.next();
  const late = behind.store.watch(watching('a', null, 3)).next();
  await setImmediate();
  await ahead.applyAll(commands);
  ahead.store.adoptWatches(behind.store);
  for (const [batch, revision] of [
    [first, 2],
    [second, 2],
    [late, 3],
  ] as const) {
    assert.equal((await batch)?.revision, revision);
  }
  assert.equal(String((await wanted)?.events[0]?.previous?.value), large);
});

test('a watch that is held and then closed ends', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply(put('a', 'x'.repeat(2000)));
  const watches = [0, 2].map((revision) =>
    subject.store.watch(watching('a', null, revision, { returnPrevious: true })),
  );
  await subject.apply(put('a', '2'));
  subject.store.holdWatches();
  const ends = watches.map(async (watch) => watch.next());
  subject.store.close();
  assert.deepEqual(await Promise.all(ends), [null, null]);
});

test('a watch that a snapshot has overtaken by compaction ends', async () => {
  const behind = await StoreUnderTest.found();
  const ahead = await StoreUnderTest.found();
  const watch = behind.store.watch(watching('a', null, 0));
  await ahead.applyAll([put('a', '1'), put('a', '2'), { kind: 'Compact', revision: 3 }]);
  ahead.store.adoptWatches(behind.store);
  await assert.rejects(pull(watch, {}), { code: 'compacted' });
});

test('a compacted previous value is absent, cleared away yet or not', async () => {
  const subject = await StoreUnderTest.found();
  await subject.applyAll([put('a', '1'), put('a', '2'), put('a', '3'), { kind: 'Compact', revision: 3 }]);
  const watch = subject.store.watch(watching('a', null, 3, { returnPrevious: true }));
  assert.deepEqual(described(await pull(watch, { through: 4 })), ['3:Put a=2', '4:Put a=3 was 2', '4:']);
});

test('a watch on a revision to come outlives a snapshot that is compacted below it', async () => {
  const behind = await StoreUnderTest.found();
  const ahead = await StoreUnderTest.found();
  const watch = behind.store.watch(watching('a', null, 4));
  await ahead.applyAll([put('a', '1'), put('a', '2'), { kind: 'Compact', revision: 3 }]);
  ahead.store.adoptWatches(behind.store);
  const batches = pull(watch, { through: 4 });
  await ahead.apply(put('a', '3'));
  watch.requestProgress();
  assert.deepEqual(described((await batches).filter(({ events }) => events.length > 0)), ['4:Put a=3']);
});

test('the batch of an event is one for all who watch its key, and its previous version for those who asked', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply(put('a', '1'));
  const all = [false, false, true, true].map((returnPrevious) =>
    subject.store.watch(watching('a', null, 0, { returnPrevious })),
  );
  const skipping = subject.store.watch(watching('a', null, 0, { skipPuts: true }));
  await subject.apply(put('a', '2'));
  const [first, second, third, fourth] = await Promise.all(all.map(async (watch) => watch.next()));
  assert.deepEqual(described([first!, third!]), ['3:Put a=2', '3:Put a=2 was 1']);
  assert.equal(first!.events, second!.events);
  assert.equal(third!.events, fourth!.events);
  await subject.apply(del('a'));
  assert.deepEqual(described([(await skipping.next())!]), ['4:Delete a=']);
});

test('who does not iterate is given what is there at once, waits for what is not, and hears of the end', async () => {
  const subject = await StoreUnderTest.found();
  const watch = subject.store.watch(watching('a', null, 0));
  const waiting = watch.next();
  assert.ok(waiting instanceof Promise);
  await subject.apply(put('a', '1'));
  await subject.apply(put('a', '2'));
  assert.deepEqual(described([(await waiting)!]), ['2:Put a=1']);
  const atHand = watch.next();
  assert.ok(atHand !== null && !(atHand instanceof Promise));
  assert.deepEqual(described([atHand]), ['3:Put a=2']);
  const last = watch.next();
  watch.close();
  assert.equal(await last, null);
  assert.equal(watch.next(), null);
});
