import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { applyMembershipChange, configurationOf, leaveJoint } from './membership.ts';
import { membershipChanges, memberships } from './testing/arbitraries.ts';
import { FOUNDERS } from './testing/store-under-test.ts';
import type { Membership, MembershipChange } from './types.ts';

const newcomer: MembershipChange = { kind: 'AddLearner', name: 'n4', peerAddress: 'n4:1', incarnation: 'i4' };

function changed(membership: Membership, change: MembershipChange): { membership: Membership; id: number } {
  const result = applyMembershipChange(membership, change, membership.configIndex, membership.configIndex + 5);
  assert.ok(!('kind' in result), JSON.stringify(result));
  return result;
}

function refusal(membership: Membership, change: MembershipChange): string {
  const result = applyMembershipChange(membership, change, membership.configIndex, membership.configIndex + 5);
  assert.ok('kind' in result);
  return result.code;
}

test('a new member is a learner under an id that was never used', () => {
  const { membership: without } = changed(changed(FOUNDERS, newcomer).membership, { kind: 'Remove', id: 4 });
  const { membership, id } = changed(without, newcomer);
  assert.equal(id, 5);
  assert.deepEqual(configurationOf(membership), { voters: [1, 2, 3], leaving: null, learners: [5] });
});

test('a name, an address or an incarnation that is held is refused', () => {
  for (const held of [{ name: 'n2' }, { peerAddress: 'n2:1' }, { incarnation: 'i2' }]) {
    assert.equal(refusal(FOUNDERS, { ...newcomer, ...held }), 'member_exists');
  }
});

test('a change made for another membership is void', () => {
  const result = applyMembershipChange(FOUNDERS, newcomer, 7, 9);
  assert.equal('kind' in result && result.code, 'config_index_mismatch');
});

test('a learner is promoted, a voter is not, a stranger is not found', () => {
  const { membership } = changed(FOUNDERS, newcomer);
  assert.deepEqual(changed(membership, { kind: 'Promote', id: 4 }).membership.voters, [1, 2, 3, 4]);
  assert.equal(refusal(membership, { kind: 'Promote', id: 1 }), 'not_a_learner');
  assert.equal(refusal(membership, { kind: 'Promote', id: 9 }), 'member_not_found');
  assert.equal(refusal(membership, { kind: 'Remove', id: 9 }), 'member_not_found');
  assert.equal(refusal(membership, { kind: 'ReplaceVoters', voters: [1, 9] }), 'member_not_found');
});

test('the last voter stays', () => {
  const alone = changed(changed(FOUNDERS, { kind: 'Remove', id: 1 }).membership, { kind: 'Remove', id: 2 }).membership;
  assert.equal(refusal(alone, { kind: 'Remove', id: 3 }), 'last_voter');
  assert.equal(refusal(alone, { kind: 'ReplaceVoters', voters: [] }), 'last_voter');
});

test('a replacement of one voter by another is joint, and the one left out goes when it ends', () => {
  const { membership } = changed(FOUNDERS, newcomer);
  const joint = changed(membership, { kind: 'ReplaceVoters', voters: [4, 2, 1] }).membership;
  assert.deepEqual(configurationOf(joint), { voters: [1, 2, 4], leaving: [1, 2, 3], learners: [] });
  assert.equal(refusal(joint, { kind: 'Remove', id: 4 }), 'configuration_joint');
  const left = leaveJoint(joint, 50);
  assert.equal(left.configIndex, 50);
  assert.deepEqual(
    left.members.map(({ id }) => id),
    [1, 2, 4],
  );
  assert.deepEqual(leaveJoint(left, 51), left);
});

test('a replacement that differs by one voter is simple', () => {
  const fewer = changed(FOUNDERS, { kind: 'ReplaceVoters', voters: [1, 3] }).membership;
  assert.deepEqual(fewer.leaving, null);
  assert.deepEqual(
    fewer.members.map(({ id }) => id),
    [1, 3],
  );
});

test('whatever changes are made, a membership stays whole', () => {
  fc.assert(
    fc.property(memberships, fc.array(membershipChanges, { maxLength: 15 }), (start, changes) => {
      let membership = start;
      for (const [n, change] of changes.entries()) {
        const index = 2 * n + 2;
        const before = membership;
        const result = applyMembershipChange(membership, change, membership.configIndex, index);
        if ('kind' in result) continue;
        membership = result.membership;
        assertWhole(membership, before);
        const delta = symmetricDifference(membership.voters, before.voters);
        assert.equal(membership.leaving !== null, delta > 1);
        if (n % 2 === 0) membership = leaveJoint(membership, index + 1);
        assertWhole(membership, before);
      }
    }),
  );
});

function assertWhole(membership: Membership, before: Membership): void {
  const ids = membership.members.map(({ id }) => id);
  const { voters, leaving, learners } = configurationOf(membership);
  assert.ok(voters.length > 0);
  assert.ok(membership.configIndex > before.configIndex || membership === before);
  assert.ok(membership.lastMemberId >= Math.max(...ids));
  for (const list of [ids, voters, leaving ?? [], learners]) {
    assert.deepEqual(
      list,
      [...new Set(list)].sort((a, b) => a - b),
    );
  }
  assert.deepEqual(
    [...new Set([...voters, ...(leaving ?? []), ...learners])].sort((a, b) => a - b),
    ids,
  );
  for (const field of ['name', 'peerAddress', 'incarnation'] as const) {
    assert.equal(new Set(membership.members.map((member) => member[field])).size, ids.length);
  }
}

function symmetricDifference(a: readonly number[], b: readonly number[]): number {
  return a.filter((id) => !b.includes(id)).length + b.filter((id) => !a.includes(id)).length;
}

const unclaimed: MembershipChange = { kind: 'AddUnclaimed', peerAddress: 'n4:1' };

test('a place that nobody has claimed goes to whoever is added from its address', () => {
  const { membership: waiting, id } = changed(FOUNDERS, unclaimed);
  assert.equal(id, 4);
  assert.deepEqual(waiting.members.at(-1), { id: 4, name: '', peerAddress: 'n4:1', incarnation: '' });
  assert.equal(changed(waiting, { ...newcomer, peerAddress: 'n5:1' }).id, 5);
  const { membership: claimed, id: claimedId } = changed(waiting, newcomer);
  assert.equal(claimedId, 4);
  assert.deepEqual([claimed.members.length, claimed.lastMemberId], [4, 4]);
  assert.deepEqual(claimed.members.at(-1), { id: 4, name: 'n4', peerAddress: 'n4:1', incarnation: 'i4' });
  assert.equal(refusal(claimed, { ...newcomer, name: 'n5', incarnation: 'i5' }), 'member_exists');
  assert.equal(refusal(waiting, { ...newcomer, name: 'n1' }), 'member_exists');
});

test('a place that nobody has claimed gets no vote, and can be removed', () => {
  const { membership: waiting } = changed(FOUNDERS, unclaimed);
  assert.equal(refusal(waiting, unclaimed), 'member_exists');
  assert.equal(refusal(waiting, { kind: 'Promote', id: 4 }), 'invalid_request');
  assert.equal(refusal(waiting, { kind: 'ReplaceVoters', voters: [1, 2, 3, 4] }), 'invalid_request');
  assert.deepEqual(changed(waiting, { kind: 'Remove', id: 4 }).membership.members, FOUNDERS.members);
});

test('a member gets another address, unless it is held', () => {
  const { membership } = changed(FOUNDERS, { kind: 'UpdateAddress', id: 2, peerAddress: 'moved:1' });
  assert.equal(membership.members[1]?.peerAddress, 'moved:1');
  assert.equal(changed(membership, { kind: 'UpdateAddress', id: 2, peerAddress: 'moved:1' }).id, 2);
  assert.equal(refusal(membership, { kind: 'UpdateAddress', id: 3, peerAddress: 'moved:1' }), 'member_exists');
  assert.equal(refusal(membership, { kind: 'UpdateAddress', id: 9, peerAddress: 'x:1' }), 'member_not_found');
});
