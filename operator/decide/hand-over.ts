/** Leadership goes to another voter before its leader restarts or leaves. */
import type { ClusterView, Place } from './cluster-view.ts';
import { isOutdated } from './replace-broken-pods.ts';
import { act, note, type Outcome } from './rule.ts';

/** @param reason why the leader has to give it up */
export function handOver(view: ClusterView, leader: Place, reason: string): Outcome {
  const successor = successorOf(view, leader);
  if (successor === null) return note(`${leader.name} leads, and nobody can take over`);
  return act(
    { kind: 'TransferLeader', to: successor.member!.id, toName: successor.name },
    leader.name,
    `${reason}; it hands leadership over to ${successor.name} first`,
  );
}

/**
 * A healthy voter, if possible one that stays and is up to date, so that leadership moves only once; then the one with
 * the longest log.
 */
function successorOf(view: ClusterView, leader: Place): Place | null {
  const matchOf = ({ member }: Place): number => leader.status?.peers?.find(({ id }) => id === member?.id)?.match ?? 0;
  const score = (place: Place): number =>
    (place.isWanted ? 4 : 0) + (isOutdated(view, place) ? 0 : 2) + (place.pod?.node?.isCordoned === true ? 0 : 1);
  const candidates = view.places.filter(
    (place) =>
      place.isHealthy &&
      place.member?.role === 'Voter' &&
      place.name !== leader.name &&
      place.pod?.deletionDueMs === null,
  );
  return candidates.sort((a, b) => score(b) - score(a) || matchOf(b) - matchOf(a))[0] ?? null;
}
