/**
 * Without a linearizable configuration no member may be touched. When a quorum has been away for long, the way out is
 * offered: it loses what only the lost members had, so it begins with the user's consent, and never by itself.
 */
import type { ApiStatus } from '../../client/types.ts';
import type { RaftClusterStatus } from '../api/types.ts';
import { verb } from '../api/verb.ts';
import { type ClusterView, isoTime, type Place, placeNamed, quorumOf } from './cluster-view.ts';
import { digest } from './digest.ts';
import { lostForMs, patienceMs } from './lost.ts';
import { type Outcome, pass, type Rule, record, SOON_MS, wait } from './rule.ts';
import { runAllWithData } from './run-all-with-data.ts';

export const quorumLoss: Rule = (view) => {
  if (view.configuration === null) return withoutConfiguration(view);
  if (view.status.quorumRecovery?.step !== 'Offered') return pass;
  const message = 'The quorum is back';
  return record({ quorumRecovery: undefined }, 'Normal', 'QuorumBack', message, view.cluster.metadata.name);
};

function withoutConfiguration(view: ClusterView): Outcome {
  const { spec, observed, status } = view;
  // Somebody may have scaled the StatefulSet, and a pod that does not run cannot be heard.
  const starting = mayStartAll(view) ? runAllWithData(view) : null;
  if (starting !== null) return starting;
  const reason = `no linearizable read: ${observed.configurationError ?? 'nobody answers'}`;
  const voters = knownVoters(view);
  const lost = voters.filter((voter) => !isAlive(view, voter));
  const tolerated = voters.length - quorumOf(voters.length);
  if (voters.length === 0 || lost.length <= tolerated) return wait(reason, [], { requeueAfterMs: SOON_MS });

  const names = lost.map(({ name }) => name).sort();
  const opening = names.filter((name) => placeNamed(view, name)?.isOpening === true);
  const blockers = [
    `of ${voters.length} voters ${lost.length} are away: ${names.join(', ')}`,
    ...opening.map((name) => `${name} is alive and still opens its data`),
  ];
  const lostForLong = lost.filter((voter) => isGone(view, voter) || isAwayForLong(view, voter));
  if (lostForLong.length <= tolerated) return wait(reason, blockers);

  const survivors = survivorsOf(view, voters);
  if (survivors.length === 0) {
    return wait('the quorum is lost', [
      ...blockers,
      'no member with data answers: bring one back, or restore a backup',
    ]);
  }
  if (spec.quorumRecovery.mode === 'Never') {
    if (status.quorumRecovery?.step === 'Offered') {
      // Otherwise the conditions would go on asking for a consent that the API server refuses.
      const message = 'Nothing is offered any more: spec.quorumRecovery.mode is Never';
      return record({ quorumRecovery: undefined }, 'Normal', 'OfferWithdrawn', message, view.cluster.metadata.name);
    }
    return wait('the quorum is lost', [...blockers, 'spec.quorumRecovery.mode is Never']);
  }
  const offered = status.quorumRecovery;
  const isOffered = offered?.step === 'Offered' && sameNames(offered.lost, names);
  if (!isOffered) return offer(view, names, survivors);
  if (spec.quorumRecovery.acknowledge === offered.nonce) return consent(view, offered, survivors);
  return wait('the quorum is lost', [
    ...blockers,
    `to go on from ${offered.survivors[0]}, losing what only the others had, set spec.quorumRecovery.acknowledge to ${offered.nonce}`,
  ]);
}

/**
 * False when a status was lost that may have told of a recovery: then others may have been stopped for good, and a
 * survivor may go on under a new cluster id.
 */
function mayStartAll({ spec, status }: ClusterView): boolean {
  if (status.quorumRecovery !== undefined) return true;
  const knowsVoters = status.members?.some(({ role }) => role === 'Leader' || role === 'Follower') === true;
  return knowsVoters && spec.quorumRecovery.acknowledge === undefined;
}

type Voter = { readonly name: string; readonly incarnation: string };

/** The voters as the members that answer last knew them; else as the status or the founding record names them. */
function knownVoters({ places, status }: ClusterView): readonly Voter[] {
  let newest: ApiStatus | null = null;
  for (const { status: said } of places) {
    if (said?.members === undefined || said.cluster_id !== status.clusterID) continue;
    if (newest === null || (said.config_index ?? 0) > (newest.config_index ?? 0)) newest = said;
  }
  if (newest?.members !== undefined) return newest.members.filter(({ role }) => role === 'Voter');
  const written = (status.members ?? []).flatMap(({ name, role, incarnation }) =>
    incarnation !== undefined && (role === 'Leader' || role === 'Follower') ? [{ name, incarnation }] : [],
  );
  return written.length > 0 ? written : (status.founding?.founders ?? []);
}

function isAlive(view: ClusterView, { name, incarnation }: Voter): boolean {
  const place = placeNamed(view, name);
  return place !== null && place.incarnation === incarnation && hasData(place.status);
}

/** Whether its data is not in its place any more, or cannot be read: then to wait would change nothing. */
function isGone(view: ClusterView, { name, incarnation }: Voter): boolean {
  const place = placeNamed(view, name);
  if (place === null || (place.incarnation !== null && place.incarnation !== incarnation)) return true;
  return place.status?.state === 'Parked' && place.status.reason !== 'NewerFormat';
}

/** After a status was lost, its pod still knows since when it is not ready. */
function isAwayForLong(view: ClusterView, { name }: Voter): boolean {
  const place = placeNamed(view, name);
  const pod = place?.pod ?? null;
  const notReadyMs = pod === null || pod.isReady || pod.readyChangedMs === null ? 0 : view.nowMs - pod.readyChangedMs;
  return (lostForMs(view, name) ?? notReadyMs) >= patienceMs(view, place);
}

function hasData(status: ApiStatus | null): status is ApiStatus {
  return status !== null && (status.state === 'Member' || status.state === 'Joining');
}

/** The most advanced log first: whatever was committed and any of them has, that one has. */
function survivorsOf(view: ClusterView, voters: readonly Voter[]): readonly Place[] {
  return view.places
    .filter(
      (place) =>
        place.set === 'Voters' &&
        place.status?.state === 'Member' &&
        place.status.cluster_id === view.status.clusterID &&
        voters.some(({ incarnation }) => incarnation === place.incarnation),
    )
    .sort((a, b) => compareProgress(b.status, a.status) || a.ordinal - b.ordinal);
}

/** As voters compare logs (Raft paper, 5.4.1): a longer log of an older term may lack what was committed since. */
function compareProgress(a: ApiStatus | null, b: ApiStatus | null): number {
  return (a?.last_term ?? 0) - (b?.last_term ?? 0) || (a?.last_index ?? 0) - (b?.last_index ?? 0);
}

type Offer = NonNullable<RaftClusterStatus['quorumRecovery']>;

function offer(view: ClusterView, lost: readonly string[], survivors: readonly Place[]): Outcome {
  const { status, nowMs, cluster } = view;
  const since = isoTime(nowMs);
  const quorumRecovery: Offer = {
    nonce: digest(cluster.metadata.uid, status.clusterID, lost, since),
    survivors: survivors.map(({ name }) => name),
    lost: [...lost],
    step: 'Offered',
    since,
  };
  const message = `The quorum is lost: away ${verb(lost, 'is', 'are')} ${lost.join(', ')}, and what is left is ${quorumRecovery.survivors.join(', ')}. To go on from ${quorumRecovery.survivors[0]} set spec.quorumRecovery.acknowledge to ${quorumRecovery.nonce}`;
  return record({ quorumRecovery }, 'Warning', 'QuorumLost', message, cluster.metadata.name);
}

function consent(view: ClusterView, offered: Offer, survivors: readonly Place[]): Outcome {
  const { spec, status, cluster } = view;
  const chosen = spec.quorumRecovery.survivor ?? survivors[0]!.name;
  if (!survivors.some(({ name }) => name === chosen)) {
    return wait('the quorum is lost', [
      `spec.quorumRecovery.survivor is ${chosen}, which has no data or does not answer`,
    ]);
  }
  // Its log is the most advanced, and its keys are wrong: which of the two counts for more only its user knows.
  if (spec.quorumRecovery.survivor === undefined && placeNamed(view, chosen)?.differs === true) {
    return wait('the quorum is lost', [
      `${chosen} holds other keys than a quorum did: say by spec.quorumRecovery.survivor which of ${survivors.map(({ name }) => name).join(', ')} to go on from`,
    ]);
  }
  const message = `Going on from ${chosen}: all other members are stopped first`;
  const quorumRecovery: Offer = {
    ...offered,
    survivor: chosen,
    clusterID: digest(cluster.metadata.uid, status.clusterID, offered.nonce),
    ...(status.clusterID === undefined ? {} : { formerClusterID: status.clusterID }),
    step: 'StoppingOthers',
    since: isoTime(view.nowMs),
  };
  return record({ quorumRecovery }, 'Warning', 'RecoveringQuorum', message, chosen);
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
