/** Changes of the configuration as a state machine makes them, for tests of the core (thesis chapter 4). */
import { assertValidConfiguration } from '../configuration.ts';
import { assert } from '../invariant.ts';
import type { Configuration, MemberId } from '../types.ts';

export type Target = { readonly voters: readonly MemberId[]; readonly learners: readonly MemberId[] };

/**
 * The configuration to enter on the way to `target`. A change of at most one voter is safe in one step: any two
 * majorities overlap (section 4.1). Anything larger goes through a joint configuration (section 4.3).
 *
 * A voter that becomes a learner stays out of the learners until the joint configuration is left, because until then it
 * still votes in the old half.
 */
export function enterConfiguration(current: Configuration, target: Target): Configuration {
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

function countDifferent(before: readonly MemberId[], after: readonly MemberId[]): number {
  const added = after.filter((id) => !before.includes(id)).length;
  const removed = before.filter((id) => !after.includes(id)).length;
  return added + removed;
}

function sorted(ids: readonly MemberId[]): readonly MemberId[] {
  return [...ids].sort((a, b) => a - b);
}
