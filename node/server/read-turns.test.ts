import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ReadTurns } from './read-turns.ts';
import { ManualClock } from './testing/manual-clock.ts';

const MIB = 1 << 20;

/** Reads of a size each, ended by the test. */
function readers(clock: ManualClock) {
  const turns = new ReadTurns(clock);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const read = (n: number, bytes: number, deadlineMs = Number.MAX_SAFE_INTEGER): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<number>();
    ends[n] = () => resolve(bytes);
    const begin = (): Promise<number> => {
      begun.push(n);
      return promise;
    };
    return turns.run(begin, (size) => size, deadlineMs);
  };
  return { begun, read, end: (n: number) => ends[n]!() };
}

test('large ones go a few at a time, in order, and the loop goes round between them', async () => {
  const clock = new ManualClock();
  const { begun, read, end } = readers(clock);
  const results = Array.from({ length: 40 }, (_, n) => read(n, 20 * MIB));
  assert.equal(begun.length, 16);
  for (let n = 0; n < 16; n += 1) end(n);
  await setImmediate();
  assert.equal(begun.length, 16, 'those that are answered are sent first');
  clock.advance(0);
  assert.equal(begun.length, 17, 'as large as they are, one at a time');
  for (let n = 16; n < 40; n += 1) {
    end(n);
    await setImmediate();
    clock.advance(0);
  }
  assert.deepEqual(
    begun,
    Array.from({ length: 40 }, (_, n) => n),
  );
  assert.equal((await Promise.all(results)).length, 40);
});

test('small ones follow one another at once', async () => {
  const clock = new ManualClock();
  const { begun, read, end } = readers(clock);
  for (let n = 0; n < 40; n += 1) void read(n, 100);
  for (let n = 0; n < 40; n += 1) {
    end(n);
    await setImmediate();
  }
  assert.equal(begun.length, 40);
});

test('one whose turn does not come in time is refused, also while others hang', async () => {
  const clock = new ManualClock();
  const { begun, read } = readers(clock);
  for (let n = 0; n < 16; n += 1) void read(n, 1);
  const late = read(16, 1, 50);
  void read(17, 1, 5000);
  const refused = assert.rejects(late, { code: 'overloaded' });
  clock.advance(50);
  await refused;
  assert.equal(begun.length, 16);
});

test('one that fails makes room, too', async () => {
  const turns = new ReadTurns(new ManualClock());
  const fail = (): Promise<number> => Promise.reject(new Error('no'));
  for (let n = 0; n < 40; n += 1) await assert.rejects(turns.run(fail, Number, 1), /no/);
});

test('one that nobody waits for any more takes no turn', async () => {
  const clock = new ManualClock();
  const turns = new ReadTurns(clock);
  const first = Promise.withResolvers<number>();
  for (let n = 0; n < 16; n += 1)
    void turns.run(
      () => first.promise,
      (size) => size,
      1000,
    );
  const given: string[] = [];
  const ask = (name: string, isWanted: boolean) =>
    turns.run(
      async () => given.push(name),
      () => 0,
      1000,
      () => isWanted,
    );
  const left = assert.rejects(ask('left', false), { code: 'overloaded' });
  const waiting = ask('waiting', true);
  first.resolve(0);
  await Promise.all([left, waiting]);
  assert.deepEqual(given, ['waiting']);
});
