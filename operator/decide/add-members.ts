/**
 * Adds an empty, marked member as a learner: one at a time, or two from one voter to three. Under a name that another
 * incarnation holds nobody is added: that one is replaced first.
 */
import { type ClusterView, isEmpty, isMarkedEmpty, type Place, pendingVoters, placesOf } from './cluster-view.ts';
import { act, firstOf, note, type Outcome, pass, type Rule, SOON_MS } from './rule.ts';
import { whySilent } from './why-silent.ts';

export const addMembers: Rule = (view) => firstOf([addVoter(view), addReader(view)]);

function addVoter(view: ClusterView): Outcome {
  const [pending, most] = [pendingVoters(view).length, mostPending(view)];
  if (pending >= most || (pending > 0 && view.voters.length !== 1)) return pass;
  return addFirst(view, placesOf(view, 'Voters'));
}

/** A reader that is lost does not keep the next one from being added; one that is joining does. */
function addReader(view: ClusterView): Outcome {
  const isJoining = ({ member, status, isMember }: Place): boolean =>
    member !== null && isMember && status !== null && status.state !== 'Member';
  if (pendingVoters(view).length > 0 || placesOf(view, 'Readers').some(isJoining)) return pass;
  return addFirst(view, placesOf(view, 'Readers'));
}

function mostPending({ voters, target }: ClusterView): number {
  return voters.length === 1 && target.Voters >= 3 ? 2 : 1;
}

function addFirst(view: ClusterView, places: readonly Place[]): Outcome {
  const { configuration } = view;
  if (configuration === null) return pass;
  const newcomers = places.filter(({ isWanted, member }) => isWanted && member === null);
  const next = newcomers.find(isMarkedEmpty);
  if (next !== undefined && next.incarnation !== null) {
    const { name, peerAddress, incarnation } = next;
    return act(
      { kind: 'AddLearner', slot: name, peerAddress, incarnation, expectedConfigIndex: configuration.config_index },
      name,
      'it is empty and wanted',
    );
  }
  const late = newcomers.filter((place) => !isEmpty(place));
  return firstOf(late.map((place) => note(whyLate(place), SOON_MS)));
}

function whyLate(place: Place): string {
  const { name, volume, status } = place;
  if (volume?.isTerminating === true) return `volume ${volume.name} is being deleted before ${name} joins`;
  if (status !== null)
    return `${name} cannot join: it is ${status.state}${status.reason === undefined ? '' : ` (${status.reason})`}`;
  return whySilent(place);
}
