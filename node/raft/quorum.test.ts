import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { committedIndex, hasQuorum, type Quorum, voteResult } from './quorum.ts';
import type { MemberId } from './types.ts';

const quorumOf = (...voters: MemberId[]): Quorum => ({ voters, leaving: null });
const acknowledged = (indexes: Record<number, number>) => (voter: MemberId) => indexes[voter] ?? 0;

const ids = () => fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 7 });
const quorums = () => fc.record({ voters: ids(), leaving: fc.option(ids()) });
const acknowledgements = () => fc.array(fc.nat({ max: 12 }), { minLength: 9, maxLength: 9 });

test('an entry on two of three voters is committed', () => {
  assert.equal(committedIndex(quorumOf(1, 2, 3), acknowledged({ 1: 7, 2: 7 })), 7);
});

test('an entry on two of four voters is not', () => {
  assert.equal(committedIndex(quorumOf(1, 2, 3, 4), acknowledged({ 1: 7, 2: 7, 3: 4 })), 4);
});

test('a joint configuration commits what both halves have (thesis 4.3)', () => {
  const joint = { voters: [1, 2, 3], leaving: [3, 4, 5] };
  assert.equal(committedIndex(joint, acknowledged({ 1: 9, 2: 9, 3: 9 })), 0);
  assert.equal(committedIndex(joint, acknowledged({ 1: 9, 2: 9, 3: 9, 4: 6 })), 6);
});

test('committedIndex is the highest index that every naive majority count allows', () => {
  fc.assert(
    fc.property(quorums(), acknowledgements(), (quorum, indexes) => {
      const of = (voter: MemberId) => indexes[voter] as number;
      const allowed = Array.from({ length: 13 }, (_, index) => index).filter((index) =>
        [quorum.voters, quorum.leaving ?? []].every(
          (half) => half.length === 0 || half.filter((voter) => of(voter) >= index).length > half.length / 2,
        ),
      );
      assert.equal(committedIndex(quorum, of), Math.max(...allowed));
      assert.ok(hasQuorum(quorum, (voter) => of(voter) >= committedIndex(quorum, of)));
    }),
    { numRuns: 2000 },
  );
});

test('an election is won by a majority of each half and lost as soon as one half cannot grant it', () => {
  const joint = { voters: [1, 2, 3], leaving: [3, 4, 5] };
  const votes = (granted: MemberId[], rejected: MemberId[] = []) =>
    new Map([...granted.map((id) => [id, true] as const), ...rejected.map((id) => [id, false] as const)]);
  assert.equal(voteResult(joint, votes([1, 2])), 'Pending');
  assert.equal(voteResult(joint, votes([1, 3, 4])), 'Won');
  assert.equal(voteResult(joint, votes([1, 2, 3], [4, 5])), 'Lost');
  assert.equal(voteResult(quorumOf(1), votes([1])), 'Won');
});

test('voteResult agrees with trying every way that the missing votes could fall', () => {
  const ballots = fc.array(fc.constantFrom(true, false, undefined), { minLength: 9, maxLength: 9 });
  fc.assert(
    fc.property(quorums(), ballots, (quorum, ballot) => {
      const votes = new Map<MemberId, boolean>();
      for (const [id, vote] of ballot.entries()) if (vote !== undefined) votes.set(id, vote);
      const isWon = hasQuorum(quorum, (voter) => votes.get(voter) === true);
      const isStillPossible = hasQuorum(quorum, (voter) => votes.get(voter) !== false);
      assert.equal(voteResult(quorum, votes), isWon ? 'Won' : isStillPossible ? 'Pending' : 'Lost');
    }),
  );
});
