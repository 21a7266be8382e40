import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Command, Membership } from '../store/types.ts';
import { CorruptionCheck } from './corruption-check.ts';
import { MARKS_FORMAT } from './format.ts';
import { silentObserver } from './observer.ts';
import { ManualClock } from './testing/manual-clock.ts';

const THREE: Membership = {
  configIndex: 1,
  lastMemberId: 4,
  members: [1, 2, 3].map((id) => ({ id, name: `m${id}`, peerAddress: `m${id}:1`, incarnation: `i${id}` })),
  voters: [1, 2, 3],
  leaving: null,
};

/** Of three members that agree, until `hashOf` is another one. */
function subject() {
  const clock = new ManualClock();
  const store = { compactedRevision: 5, format: MARKS_FORMAT, corrupt: [] as readonly number[] };
  const world = {
    clock,
    store,
    membership: THREE,
    asked: [] as [member: number, revision: number][],
    proposed: [] as Command[],
    hashOf: async (_member: number): Promise<string> => 'same',
  };
  const check = new CorruptionCheck({
    store,
    clock,
    observer: silentObserver,
    membership: () => world.membership,
    hashOf: (member, revision) => {
      world.asked.push([member, revision]);
      return world.hashOf(member);
    },
    propose: async (command) => void world.proposed.push(command),
  });
  const tick = async (): Promise<void> => {
    check.tick();
    await setImmediate();
  };
  return { ...world, world, tick };
}

test('members are compared at each compaction, once, and not at those of earlier leaders', async () => {
  const { tick, store, asked, proposed } = subject();
  await tick();
  assert.deepEqual(asked, []);
  store.compactedRevision = 9;
  await tick();
  await tick();
  assert.deepEqual(asked, [
    [1, 9],
    [2, 9],
    [3, 9],
  ]);
  assert.deepEqual(proposed, []);
});

test('who differs is marked, and nobody is compared any more while someone is', async () => {
  const { world, tick, store, asked, proposed } = subject();
  world.hashOf = async (member) => (member === 2 ? 'other' : 'same');
  store.compactedRevision = 9;
  await tick();
  assert.deepEqual(proposed, [{ kind: 'MarkCorrupt', members: [2], isCorrupt: true }]);
  store.corrupt = [2];
  store.compactedRevision = 12;
  await tick();
  assert.equal(asked.length, 3);
  store.corrupt = [];
  await tick();
  assert.equal(asked.length, 6);
});

test('who could not answer is asked again, at the latest revision', async () => {
  const { world, tick, store, asked, clock } = subject();
  world.hashOf = async (member) => {
    if (member === 3) throw new Error('not now');
    return 'same';
  };
  store.compactedRevision = 9;
  await tick();
  await tick();
  assert.equal(asked.length, 3);
  store.compactedRevision = 10;
  clock.advance(60_000);
  await tick();
  assert.deepEqual(asked.slice(3), [
    [1, 10],
    [2, 10],
    [3, 10],
  ]);
});

test('it rests ten times as long as it worked, however often one compacts', async () => {
  const { world, tick, store, asked, clock } = subject();
  const { promise, resolve } = Promise.withResolvers<string>();
  world.hashOf = () => promise;
  store.compactedRevision = 9;
  await tick();
  clock.advance(2000);
  store.compactedRevision = 10;
  await tick();
  assert.equal(asked.length, 3, 'one comparison at a time');
  resolve('same');
  await setImmediate();
  clock.advance(19_000);
  await tick();
  assert.equal(asked.length, 3);
  clock.advance(1000);
  await tick();
  assert.equal(asked.length, 6);
});

test('not while the cluster speaks an older format, nor between two sets of voters', async () => {
  const { world, tick, store, asked } = subject();
  store.compactedRevision = 9;
  store.format = MARKS_FORMAT - 1;
  await tick();
  store.format = MARKS_FORMAT;
  world.membership = { ...THREE, leaving: [1, 2] };
  await tick();
  assert.deepEqual(asked, []);
  world.membership = THREE;
  await tick();
  assert.equal(asked.length, 3);
});
