import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerProgress, RaftStatus } from '../raft/types.ts';
import type { Membership } from '../store/types.ts';
import { isQuorumCritical, objectionTo } from './membership-guard.ts';

const membershipOf = (voters: number[], learners: number[] = [], leaving: number[] | null = null): Membership => ({
  configIndex: 1,
  lastMemberId: 9,
  members: [...new Set([...voters, ...learners, ...(leaving ?? [])])].map((id) => ({
    id,
    name: `m${id}`,
    peerAddress: `host:${id}`,
    incarnation: `${id}`,
  })),
  voters,
  leaving,
});

const peer = (id: number, options: Partial<PeerProgress> = {}): PeerProgress => ({
  id,
  match: 5000,
  next: 5001,
  state: 'Replicate',
  isLearner: false,
  isRecentlyActive: true,
  ...options,
});

const leaderOf = (peers: PeerProgress[]): RaftStatus => ({
  id: 1,
  role: 'Leader',
  term: 2,
  vote: 1,
  leader: 1,
  commit: 5000,
  applied: 5000,
  firstIndex: 1,
  lastIndex: 5000,
  lastTerm: 1,
  durableIndex: 5000,
  configuration: { voters: [1, ...peers.filter((p) => !p.isLearner).map((p) => p.id)], leaving: null, learners: [] },
  transferee: 0,
  hasCommittedInTerm: true,
  peers,
});

test('a learner is promoted only when it is close to the leader and heard of', () => {
  const membership = membershipOf([1, 2, 3], [4]);
  const objection = (learner: Partial<PeerProgress>) =>
    objectionTo(
      { kind: 'Promote', id: 4 },
      membership,
      leaderOf([peer(2), peer(3), peer(4, { isLearner: true, ...learner })]),
    )?.code;
  assert.equal(objection({}), undefined);
  assert.equal(objection({ match: 4000 }), undefined);
  assert.equal(objection({ match: 3999 }), 'learner_not_in_sync');
  assert.equal(objection({ state: 'Snapshot' }), 'learner_not_in_sync');
  assert.equal(objection({ isRecentlyActive: false }), 'learner_not_in_sync');
});

test('a voter is not removed when those that stay could not agree on anything', () => {
  const membership = membershipOf([1, 2, 3]);
  const leader = leaderOf([peer(2), peer(3, { isRecentlyActive: false })]);
  assert.equal(objectionTo({ kind: 'Remove', id: 2 }, membership, leader)?.code, 'quorum_at_risk');
  assert.equal(objectionTo({ kind: 'Remove', id: 3 }, membership, leader), null);
});

test('an id that no member has is named, and not counted as a voter that cannot be reached', () => {
  const alone = membershipOf([1]);
  const leader = leaderOf([]);
  assert.equal(objectionTo({ kind: 'Promote', id: 9 }, alone, leader)?.code, 'member_not_found');
  assert.deepEqual(objectionTo({ kind: 'ReplaceVoters', voters: [1, 9] }, alone, leader), {
    code: 'member_not_found',
    message: 'there is no member 9',
  });
});

test('one voter grows to three only with both learners caught up', () => {
  const membership = membershipOf([1], [2, 3]);
  const change = { kind: 'ReplaceVoters', voters: [1, 2, 3] } as const;
  const learners = (last: Partial<PeerProgress>) =>
    leaderOf([peer(2, { isLearner: true }), peer(3, { isLearner: true, ...last })]);
  assert.equal(objectionTo(change, membership, learners({})), null);
  assert.equal(objectionTo(change, membership, learners({ match: 0 }))?.code, 'learner_not_in_sync');
});

test('a member is quorum-critical when the others alone would be no quorum, in either half of a joint configuration', () => {
  const alive =
    (...ids: number[]) =>
    (id: number) =>
      ids.includes(id);
  assert.equal(isQuorumCritical(membershipOf([1, 2, 3]), 1, alive(1, 2, 3)), false);
  assert.equal(isQuorumCritical(membershipOf([1, 2, 3]), 1, alive(1, 2)), true);
  assert.equal(isQuorumCritical(membershipOf([1]), 1, alive(1)), true);
  assert.equal(isQuorumCritical(membershipOf([1, 2, 3], [4]), 4, alive(4)), false);
  assert.equal(isQuorumCritical(membershipOf([1, 2, 3, 4, 5], [], [1, 2]), 1, alive(1, 2, 3, 4, 5)), true);
});
