import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differingMembers } from './differing-members.ts';

const cases: readonly (readonly [what: string, hashes: Record<number, string>, voters: number[], differ: number[]])[] =
  [
    ['all agree', { 1: 'a', 2: 'a', 3: 'a' }, [1, 2, 3], []],
    ['one differs from a quorum', { 1: 'a', 2: 'b', 3: 'a' }, [1, 2, 3], [2]],
    ['also when it is the one that asks', { 1: 'b', 2: 'a', 3: 'a' }, [1, 2, 3], [1]],
    ['a learner differs', { 1: 'a', 2: 'a', 3: 'a', 4: 'b' }, [1, 2, 3], [4]],
    ['learners make no quorum', { 1: 'a', 2: 'b', 4: 'b', 5: 'b' }, [1, 2], [0]],
    ['two of five, each in its own way', { 1: 'a', 2: 'a', 3: 'a', 4: 'b', 5: 'c' }, [1, 2, 3, 4, 5], [4, 5]],
    ['no two are equal', { 1: 'a', 2: 'b', 3: 'c' }, [1, 2, 3], [0]],
    ['two, one against one', { 1: 'a', 2: 'b' }, [1, 2], [0]],
    ['half of four is no quorum', { 1: 'a', 2: 'a', 3: 'b', 4: 'b' }, [1, 2, 3, 4], [0]],
    ['who has not answered does not vote, and still counts', { 1: 'a', 2: 'b' }, [1, 2, 3], [0]],
    ['a quorum of those that have answered', { 1: 'a', 2: 'a', 3: 'b' }, [1, 2, 3, 4], [0]],
    ['nobody has answered', {}, [1, 2, 3], []],
  ];

for (const [what, hashes, voters, differ] of cases) {
  test(`members that differ: ${what}`, () => {
    const byMember = new Map(Object.entries(hashes).map(([id, hash]) => [Number(id), hash]));
    assert.deepEqual(differingMembers(byMember, voters), differ);
  });
}
