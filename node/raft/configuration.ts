/**
 * Who votes and who learns (thesis chapter 4). Which configuration follows another is for the state machine to say
 * (node/store/membership.ts); the core only demands that it is a valid one.
 */
import { assert } from './invariant.ts';
import type { Configuration, MemberId } from './types.ts';

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

function union(some: readonly MemberId[], others: readonly MemberId[]): readonly MemberId[] {
  return sorted([...new Set([...some, ...others])]);
}

function sorted(ids: readonly MemberId[]): readonly MemberId[] {
  return [...ids].sort((a, b) => a - b);
}

function isStrictlyAscending(ids: readonly MemberId[]): boolean {
  return ids.every((id, i) => i === 0 || (ids[i - 1] as MemberId) < id);
}
