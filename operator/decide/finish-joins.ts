/**
 * Finishes what is half done: a member that was added is told so, a learner that has caught up gets its vote. From one
 * voter to three both learners get theirs in one joint change: two voters tolerate less than one.
 */
import type { ApiJoin } from '../../client/types.ts';
import {
  type ClusterView,
  healthyVotersExcept,
  isEmpty,
  isInSync,
  type Place,
  pendingVoters,
  quorumOf,
} from './cluster-view.ts';
import { objectionToVoters } from './refused-writes.ts';
import { act, firstOf, note, type Outcome, pass, type Rule, SOON_MS } from './rule.ts';

export const finishJoins: Rule = (view) => firstOf([...view.places.map((place) => tell(view, place)), promote(view)]);

function tell(view: ClusterView, place: Place): Outcome {
  const { configuration } = view;
  const { member, isMember, isWanted, volume } = place;
  if (configuration === null || member === null || !isMember || !isWanted || !isEmpty(place)) return pass;
  if (member.role !== 'Learner') return pass;
  if (volume?.memberId !== member.id) return note(`volume of ${place.name} is not marked yet`, SOON_MS);
  const record: ApiJoin = {
    cluster_id: configuration.cluster_id,
    member_id: member.id,
    incarnation: member.incarnation,
    peers: configuration.members
      .filter(({ id }) => id !== member.id)
      .map(({ id, peer_address, incarnation }) => ({ id, peer_address, incarnation })),
  };
  return act({ kind: 'Join', slot: place.name, record }, place.name, `it was added as member ${member.id}`);
}

function promote(view: ClusterView): Outcome {
  const { configuration, voters, target } = view;
  const learners = pendingVoters(view).filter(({ isWanted, differs }) => isWanted && !differs);
  if (configuration === null || learners.length === 0) return pass;
  const expectedConfigIndex = configuration.config_index;
  const isPair = voters.length === 1 && target.Voters >= 3;
  const objection = objectionToVoters(view, voters.length + (isPair ? 2 : 1));
  if (objection !== null)
    return note(`${learners.map(({ name }) => name).join(', ')} must wait for the vote: ${objection}`);
  const behind = learners.filter((place) => !isInSync(view, place));
  if (isPair) {
    // The rule addMembers adds the second of the two.
    if (learners.length < 2) return pass;
    if (behind.length > 0) return catchingUp(behind);
    const pair = learners.slice(0, 2);
    if (healthyVotersExcept(view, null) < 1) return note('the only voter is not healthy', SOON_MS);
    return act(
      {
        kind: 'SetVoters',
        voters: [...voters, ...pair.map(({ member }) => member!)].map(({ id }) => id),
        expectedConfigIndex,
      },
      pair.map(({ name }) => name).join(', '),
      'both learners are in sync: one change makes three voters',
    );
  }
  const ready = learners.find((place) => !behind.includes(place));
  if (ready === undefined) return catchingUp(behind);
  const healthy = healthyVotersExcept(view, null) + 1;
  if (healthy < quorumOf(voters.length + 1)) {
    return note(`${ready.name} gets no vote yet: of ${voters.length + 1} voters only ${healthy} would be healthy`);
  }
  const { id, name } = ready.member!;
  return act({ kind: 'Promote', memberId: id, name, expectedConfigIndex }, name, 'the learner is in sync');
}

function catchingUp(places: readonly Place[]): Outcome {
  return note(`${places.map(({ name }) => name).join(', ')} must catch up before the vote`, SOON_MS);
}
