/**
 * Takes one member out when there are more than wanted, the highest ordinal first: leadership away, then the member. Its
 * ordinal and its volume go only once a linearizable read has shown that it is gone (sizeSets, disposeVolumes). One that is
 * away goes before all others: with it, the others could be too few to let any go.
 */
import assert from 'node:assert/strict';
import { type ClusterView, objectionToRemoval, type Place, placesOf, setNames } from './cluster-view.ts';
import { handOver } from './hand-over.ts';
import { act, firstOf, note, type Outcome, pass, type Rule } from './rule.ts';

export const shrink: Rule = (view) =>
  firstOf(
    setNames.map((set) => {
      const surplus = placesOf(view, set).filter(({ isWanted, member }) => !isWanted && member !== null);
      const victim = surplus.sort((a, b) => Number(a.isHealthy) - Number(b.isHealthy) || b.ordinal - a.ordinal)[0];
      return victim === undefined ? pass : remove(view, victim);
    }),
  );

function remove(view: ClusterView, victim: Place): Outcome {
  const { configuration, leader } = view;
  const { member, name } = victim;
  if (configuration === null || member === null) return pass;
  assert(view.target.Voters > 0, 'a cluster is never shrunk to nothing');
  const objection = objectionToRemoval(view, member);
  if (objection !== null) return note(`${name} is not scaled away now: ${objection}`);
  if (leader?.name === name && member.role === 'Voter') return handOver(view, victim, 'it is scaled away');
  return act(
    {
      kind: 'RemoveMember',
      memberId: member.id,
      name,
      incarnation: member.incarnation,
      expectedConfigIndex: configuration.config_index,
    },
    name,
    'it is scaled away',
  );
}
