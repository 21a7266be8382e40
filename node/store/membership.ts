/**
 * Changes of the membership, pure. A change of at most one voter is made at once (thesis section 4.1); a larger one
 * goes through a joint configuration (section 4.3) in which `leaving` is the old half.
 */
import { failed, invariant } from './errors.ts';
import type { Failed, MemberRecord, Membership, MembershipChange } from './types.ts';

/** As the Raft core wants it: sorted, a learner in neither half. */
export type VoterSets = {
  readonly voters: readonly number[];
  readonly leaving: readonly number[] | null;
  readonly learners: readonly number[];
};

export function configurationOf(membership: Membership): VoterSets {
  const { voters, leaving, members } = membership;
  const isVoter = (id: number): boolean => voters.includes(id) || (leaving?.includes(id) ?? false);
  return { voters, leaving, learners: members.map(({ id }) => id).filter((id) => !isVoter(id)) };
}

/**
 * @param expectedConfigIndex what the proposer saw; the change is void when another one came first
 * @param index of the entry, which becomes the new configuration's
 * @returns with `id` the new member's of an AddLearner, else the member changed, 0 for many
 */
export function applyMembershipChange(
  membership: Membership,
  change: MembershipChange,
  expectedConfigIndex: number,
  index: number,
): { readonly membership: Membership; readonly id: number } | Failed {
  if (expectedConfigIndex !== membership.configIndex) {
    return failed(
      'config_index_mismatch',
      `the membership is that of index ${membership.configIndex}, not ${expectedConfigIndex}: read it again and decide anew`,
    );
  }
  if (membership.leaving !== null) {
    return failed('configuration_joint', 'another change of membership is under way: wait for it to end');
  }
  invariant(index > membership.configIndex, `entry ${index} changes the newer membership ${membership.configIndex}`);
  switch (change.kind) {
    case 'AddLearner':
      return addLearner(membership, change, index);
    case 'AddUnclaimed':
      return addUnclaimed(membership, change.peerAddress, index);
    case 'UpdateAddress':
      return updateAddress(membership, change, index);
    case 'Promote':
      return promote(membership, change.id, index);
    case 'Remove':
      return remove(membership, change.id, index);
    case 'ReplaceVoters':
      return replaceVoters(membership, change.voters, index);
  }
}

/** Void, and the same membership, where none is joint: two leaders may have proposed it. */
export function leaveJoint(membership: Membership, index: number): Membership {
  if (membership.leaving === null) return membership;
  const gone = membership.leaving.filter((id) => !membership.voters.includes(id));
  return {
    ...membership,
    configIndex: index,
    members: membership.members.filter(({ id }) => !gone.includes(id)),
    leaving: null,
  };
}

function addLearner(
  membership: Membership,
  { name, peerAddress, incarnation }: Extract<MembershipChange, { kind: 'AddLearner' }>,
  index: number,
): { membership: Membership; id: number } | Failed {
  const claimed = membership.members.find((member) => isUnclaimed(member) && member.peerAddress === peerAddress);
  const others = membership.members.filter((member) => member !== claimed);
  for (const member of others) {
    const held = heldBy(member, name, peerAddress, incarnation);
    if (held !== null) return taken(held, member);
  }
  const id = claimed?.id ?? membership.lastMemberId + 1;
  const members = [...others, { id, name, peerAddress, incarnation }].sort((a, b) => a.id - b.id);
  const lastMemberId = Math.max(membership.lastMemberId, id);
  return { membership: { ...membership, configIndex: index, lastMemberId, members }, id };
}

function addUnclaimed(
  membership: Membership,
  peerAddress: string,
  index: number,
): { membership: Membership; id: number } | Failed {
  const holder = membership.members.find((member) => member.peerAddress === peerAddress);
  if (holder !== undefined) return taken(`peer address ${peerAddress}`, holder);
  const id = membership.lastMemberId + 1;
  const members = [...membership.members, { id, name: '', peerAddress, incarnation: '' }];
  return { membership: { ...membership, configIndex: index, lastMemberId: id, members }, id };
}

function updateAddress(
  membership: Membership,
  { id, peerAddress }: Extract<MembershipChange, { kind: 'UpdateAddress' }>,
  index: number,
): { membership: Membership; id: number } | Failed {
  if (!isMember(membership, id)) return notFound(id);
  const holder = membership.members.find((member) => member.peerAddress === peerAddress && member.id !== id);
  if (holder !== undefined) return taken(`peer address ${peerAddress}`, holder);
  const members = membership.members.map((member) => (member.id === id ? { ...member, peerAddress } : member));
  return { membership: { ...membership, configIndex: index, members }, id };
}

function taken(what: string, { id, name }: MemberRecord): Failed {
  return failed('member_exists', `${what} is held by member ${id} (${name}): remove it first`);
}

export function isUnclaimed({ incarnation }: MemberRecord): boolean {
  return incarnation === '';
}

function notStarted(id: number): Failed {
  return failed('invalid_request', `member ${id} has not started: nobody has joined from its peer address yet`);
}

function heldBy(member: MemberRecord, name: string, peerAddress: string, incarnation: string): string | null {
  if (member.name === name) return `name ${name}`;
  if (member.peerAddress === peerAddress) return `peer address ${peerAddress}`;
  if (member.incarnation === incarnation) return `incarnation ${incarnation}`;
  return null;
}

function promote(membership: Membership, id: number, index: number): { membership: Membership; id: number } | Failed {
  if (!isMember(membership, id)) return notFound(id);
  if (membership.voters.includes(id)) return failed('not_a_learner', `member ${id} is a voter already`);
  if (membership.members.some((member) => member.id === id && isUnclaimed(member))) return notStarted(id);
  const voters = ascending([...membership.voters, id]);
  return { membership: { ...membership, configIndex: index, voters }, id };
}

function remove(membership: Membership, id: number, index: number): { membership: Membership; id: number } | Failed {
  if (!isMember(membership, id)) return notFound(id);
  const voters = membership.voters.filter((voter) => voter !== id);
  if (voters.length === 0)
    return failed('last_voter', `member ${id} is the last voter: without it there is no cluster`);
  const members = membership.members.filter((member) => member.id !== id);
  return { membership: { ...membership, configIndex: index, members, voters }, id };
}

function replaceVoters(
  membership: Membership,
  target: readonly number[],
  index: number,
): { membership: Membership; id: number } | Failed {
  const voters = ascending([...new Set(target)]);
  if (voters.length === 0)
    return failed('last_voter', 'the new set of voters is empty: without a voter there is no cluster');
  const unknown = voters.find((id) => !isMember(membership, id));
  if (unknown !== undefined) return notFound(unknown);
  const unclaimed = membership.members.find((member) => isUnclaimed(member) && voters.includes(member.id));
  if (unclaimed !== undefined) return notStarted(unclaimed.id);
  const added = voters.filter((id) => !membership.voters.includes(id));
  const removed = membership.voters.filter((id) => !voters.includes(id));
  const joint = { ...membership, configIndex: index, voters, leaving: membership.voters };
  const isSimple = added.length + removed.length <= 1;
  return { membership: isSimple ? leaveJoint(joint, index) : joint, id: 0 };
}

function isMember(membership: Membership, id: number): boolean {
  return membership.members.some((member) => member.id === id);
}

function notFound(id: number): Failed {
  return failed('member_not_found', `there is no member ${id}`);
}

function ascending(ids: number[]): number[] {
  return ids.sort((a, b) => a - b);
}
