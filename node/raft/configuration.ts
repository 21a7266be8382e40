/** Who votes and who learns, and the legal ways from one configuration to the next (thesis chapter 4). Pure. */
import { assert } from './invariant.ts';
import type { Configuration, MemberId } from './types.ts';

/**
 * The configuration to enter on the way to `target`. A change of at most one voter is safe in one step: any two
 * majorities overlap (section 4.1). Anything larger goes through a joint configuration (section 4.3).
 *
 * A voter that becomes a learner stays out of the learners until the joint configuration is left, because until then it
 * still votes in the old half.
 */
export function enterConfiguration(
  current: Configuration,
  target: { readonly voters: readonly MemberId[]; readonly learners: readonly MemberId[] },
): Configuration {
  assert(current.leaving === null, 'a joint configuration must be left before the next change');
  const voters = sorted(target.voters);
  const isSimple = countDifferent(current.voters, voters) <= 1;
  const leaving = isSimple ? null : current.voters;
  const learners = sorted(target.learners).filter((id) => leaving === null || !leaving.includes(id));
  const next = { voters, leaving, learners };
  assertValidConfiguration(next);
  return next;
}

/** The new half alone: what the empty Configuration entry stands for. */
export function leaveJoint(joint: Configuration): Configuration {
  assert(joint.leaving !== null, 'only a joint configuration can be left');
  return { voters: joint.voters, leaving: null, learners: joint.learners };
}

/** Counts in quorums, in either half. */
export function isVoter(configuration: Configuration, id: MemberId): boolean {
  return configuration.voters.includes(id) || (configuration.leaving?.includes(id) ?? false);
}

export function isMember(configuration: Configuration, id: MemberId): boolean {
  return isVoter(configuration, id) || configuration.learners.includes(id);
}

/** Every voter of either half once, ascending. */
export function votersOf(configuration: Configuration): readonly MemberId[] {
  return configuration.leaving === null ? configuration.voters : union(configuration.voters, configuration.leaving);
}

export function membersOf(configuration: Configuration): readonly MemberId[] {
  return union(votersOf(configuration), configuration.learners);
}

export function assertValidConfiguration(configuration: Configuration): void {
  const { voters, leaving, learners } = configuration;
  const describe = (what: string) => () => `${what} in configuration ${JSON.stringify(configuration)}`;
  for (const list of [voters, leaving ?? [], learners]) {
    assert(isStrictlyAscending(list), describe('a list is not sorted and without repeats'));
    assert(
      list.every((id) => Number.isSafeInteger(id) && id > 0),
      describe('a member id is not a positive integer'),
    );
  }
  assert(voters.length > 0 || (leaving === null && learners.length === 0), describe('no voters'));
  assert(leaving === null || leaving.length > 0, describe('an empty old half'));
  for (const id of learners) assert(!isVoter(configuration, id), describe(`${id} both votes and learns`));
}

function countDifferent(before: readonly MemberId[], after: readonly MemberId[]): number {
  const added = after.filter((id) => !before.includes(id)).length;
  const removed = before.filter((id) => !after.includes(id)).length;
  return added + removed;
}

function union(some: readonly MemberId[], others: readonly MemberId[]): readonly MemberId[] {
  return sorted([...new Set([...some, ...others])]);
}

function sorted(ids: readonly MemberId[]): readonly MemberId[] {
  return [...ids].sort((a, b) => a - b);
}

function isStrictlyAscending(ids: readonly MemberId[]): boolean {
  return ids.every((id, i) => i === 0 || (ids[i - 1] as MemberId) < id);
}
