/** One observation, with what the rules need of it again and again. Nothing is kept here from one pass to the next. */
import type { ApiCluster, ApiMember, ApiStatus } from '../../client/types.ts';
import { podHost, podName, ports, type SetName, setName } from '../api/names.ts';
import type { RaftCluster, RaftClusterSpec, RaftClusterStatus } from '../api/types.ts';
import type { Observed, PodView, SetView, VolumeView } from '../observe/types.ts';

/** A slot, together with the member of the configuration that has its name. */
export type Place = {
  readonly set: SetName;
  readonly ordinal: number;
  readonly name: string;
  readonly peerAddress: string;
  readonly pod: PodView | null;
  readonly volume: VolumeView | null;
  /** What the member in the pod says; null when it does not answer, or its pod is on its way out. */
  readonly status: ApiStatus | null;
  readonly error: string | null;
  /** It is alive and still opens its data. */
  readonly isOpening: boolean;
  /** The incarnation of the data in this place: as its member says, or else as its volume is marked. */
  readonly incarnation: string | null;
  /** The member that has the name of this place in the configuration; its data may be elsewhere, or lost. */
  readonly member: ApiMember | null;
  /** Whether the data of that member is in this place. */
  readonly isMember: boolean;
  /** Whether it serves and knows a leader, and the leader (if it answers us) says that it keeps up. */
  readonly isThere: boolean;
  /** Whether it is marked because its keys are not those of a quorum. It votes, but what it holds must reach nobody. */
  readonly differs: boolean;
  /** Whether it is there, and its keys are those of the others, as far as is known. */
  readonly isHealthy: boolean;
  /** Whether its ordinal is below the size that is being reached. */
  readonly isWanted: boolean;
};

export type ClusterView = {
  readonly observed: Observed;
  readonly cluster: RaftCluster;
  readonly spec: RaftClusterSpec;
  readonly status: RaftClusterStatus;
  readonly nowMs: number;
  readonly places: readonly Place[];
  readonly sets: Readonly<Record<SetName, SetView | null>>;
  /** The size that is being reached. */
  readonly target: Readonly<Record<SetName, number>>;
  readonly configuration: ApiCluster | null;
  readonly voters: readonly ApiMember[];
  readonly leader: Place | null;
};

export const setNames: readonly SetName[] = ['Voters', 'Readers'];

/** A learner this close to the leader's last entry is in sync; the leader refuses beyond it. */
const MAX_LAG_ENTRIES = 1_000;
/** A peer that the leader has not heard of for longer, and for several heartbeats, is away. */
const MAX_SILENCE_MS = 5_000;
const MAX_SILENT_HEARTBEATS = 5;

export function viewOf(observed: Observed): ClusterView {
  const { cluster, configuration } = observed;
  const { spec, status } = cluster;
  const target = {
    Voters: status.target?.replicas ?? spec.replicas,
    Readers: status.target?.readReplicas ?? spec.readReplicas,
  };
  const slots = [...observed.slots.map(placeOf), ...placesWithoutSlot(observed)];
  const leader = leaderOf(slots);
  const places = slots.map((slot): Place => {
    const member = configuration?.members.find(({ name }) => name === slot.name) ?? null;
    const isMember = member !== null && member.incarnation === slot.incarnation;
    const isThere = isMember && serves(slot.status) && keepsUp(member.id, leader, spec);
    const differs = observed.comparison.kind === 'Differs' && observed.comparison.members.includes(slot.name);
    return {
      ...slot,
      member,
      isMember,
      isThere,
      differs,
      isHealthy: isThere && !differs,
      isWanted: slot.ordinal < target[slot.set],
    };
  });
  return {
    observed,
    cluster,
    spec,
    status,
    nowMs: observed.nowMs,
    places,
    sets: observed.sets,
    target,
    configuration,
    voters: configuration?.members.filter(({ role }) => role === 'Voter') ?? [],
    leader: places.find(({ name }) => name === leader?.name) ?? null,
  };
}

export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

export function placeNamed(view: ClusterView, name: string): Place | null {
  return view.places.find((place) => place.name === name) ?? null;
}

export function placesOf(view: ClusterView, set: SetName): readonly Place[] {
  return view.places.filter((place) => place.set === set);
}

/** How many voters serve now, not counting this one. */
export function healthyVotersExcept(view: ClusterView, name: string | null): number {
  return view.places.filter(
    (place) => place.isHealthy && place.member?.role === 'Voter' && place.name !== name && place.pod !== null,
  ).length;
}

/** Null when the cluster has a quorum of healthy voters once this voter is no member; else why not. */
export function objectionToRemoval(view: ClusterView, member: ApiMember): string | null {
  if (member.role !== 'Voter') return null;
  const left = view.voters.filter(({ id }) => id !== member.id).length;
  if (left === 0) return `${member.name} is the last voter`;
  const healthy = healthyVotersExcept(view, member.name);
  if (healthy >= quorumOf(left)) return null;
  return `without ${member.name} there would be ${left} voters, of which only ${healthy} are healthy`;
}

/** Null when the others are a quorum while this voter is away; else why not. */
export function objectionToRestart(view: ClusterView, place: Place): string | null {
  if (place.member?.role !== 'Voter') return null;
  const healthy = healthyVotersExcept(view, place.name);
  const needed = quorumOf(view.voters.length);
  // With one voter or two there is no restart without an interruption, and it was asked for.
  if (view.voters.length <= 2) {
    return healthy >= view.voters.length - 1 ? null : 'the other voter is not healthy';
  }
  return healthy >= needed ? null : `of ${view.voters.length} voters only ${healthy} others are healthy`;
}

export function holds(configuration: ApiCluster, incarnation: string): boolean {
  return configuration.members.some((member) => member.incarnation === incarnation);
}

/** Whether this is the leader itself, or a member whose log the leader says is close to its own. */
export function isInSync(view: ClusterView, place: Place): boolean {
  if (place.member === null || place.status?.state !== 'Member' || view.leader === null) return false;
  return keepsUp(place.member.id, view.leader, view.spec);
}

/** Whether its member says that it holds nothing: such a one can found a cluster, or join one. */
export function isEmpty(place: Place): boolean {
  const { status } = place;
  return (
    status !== null &&
    status.state === 'Parked' &&
    status.reason === 'NoData' &&
    status.cluster_id === undefined &&
    status.incarnation !== ''
  );
}

/** Whether it is empty and its volume is marked so: from here on its data can be told from any other. */
export function isMarkedEmpty(place: Place): boolean {
  return isEmpty(place) && place.volume?.isTerminating === false && place.volume.incarnation === place.incarnation;
}

/** The places of members that shall be voters and are still learners. */
export function pendingVoters(view: ClusterView): readonly Place[] {
  return placesOf(view, 'Voters').filter(({ member }) => member?.role === 'Learner');
}

/** The ordinal below which all members of the configuration in this set live. */
export function endOfMembers(view: ClusterView, set: SetName): number {
  return Math.max(0, ...placesOf(view, set).map(({ member, ordinal }) => (member === null ? 0 : ordinal + 1)));
}

/** The ordinal below which all pods of this set are, and all volumes in which a member's data is. */
export function endOfData(view: ClusterView, set: SetName): number {
  const holdsData = ({ pod, volume }: Place): boolean =>
    pod !== null || (volume !== null && !volume.isReleased && !volume.isTerminating && volume.clusterId !== null);
  return Math.max(0, ...placesOf(view, set).map((place) => (holdsData(place) ? place.ordinal + 1 : 0)));
}

export function ref(object: { readonly name: string; readonly uid: string; readonly resourceVersion: string }): {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
} {
  const { name, uid, resourceVersion } = object;
  return { name, uid, resourceVersion };
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

type BarePlace = Omit<Place, 'member' | 'isMember' | 'isThere' | 'differs' | 'isHealthy' | 'isWanted'>;

function placeOf(slot: Observed['slots'][number]): BarePlace {
  const { set, ordinal, name, peerAddress, pod, volume, report } = slot;
  // A pod on its way out may still answer for a volume that the next one will not see.
  const isLeaving = pod === null || pod.deletionDueMs !== null;
  const status = report?.kind === 'Answered' && !isLeaving ? report.status : null;
  const marked = volume === null || volume.isTerminating ? null : volume.incarnation;
  const error = report?.kind === 'Unreachable' ? report.error : null;
  const isOpening = report?.kind === 'Unreachable' && report.isOpening === true;
  const incarnation = status === null || status.incarnation === '' ? marked : status.incarnation;
  return { set, ordinal, name, peerAddress, pod, volume, status, error, isOpening, incarnation };
}

/** Members of the configuration whose pod, volume and ordinal are all gone. */
function placesWithoutSlot({ cluster, configuration, slots }: Observed): readonly BarePlace[] {
  const { name, namespace } = cluster.metadata;
  return (configuration?.members ?? []).flatMap((member) => {
    if (slots.some((slot) => slot.name === member.name)) return [];
    const place = placeByName(name, member.name);
    if (place === null) return [];
    const peerAddress = `${podHost(name, namespace, member.name)}:${ports.peer}`;
    const nothing = { pod: null, volume: null, status: null, error: null, isOpening: false, incarnation: null };
    return [{ ...place, name: member.name, peerAddress, ...nothing }];
  });
}

function placeByName(cluster: string, name: string): { readonly set: SetName; readonly ordinal: number } | null {
  for (const set of setNames) {
    const ordinal = Number(name.slice(setName(cluster, set).length + 1));
    if (Number.isSafeInteger(ordinal) && ordinal >= 0 && podName(cluster, set, ordinal) === name)
      return { set, ordinal };
  }
  return null;
}

function leaderOf(places: readonly BarePlace[]): BarePlace | null {
  const leaders = places.filter(({ status }) => status?.state === 'Member' && status.role === 'Leader');
  return leaders.sort((a, b) => (b.status?.term ?? 0) - (a.status?.term ?? 0))[0] ?? null;
}

function serves(status: ApiStatus | null): boolean {
  return status !== null && status.state === 'Member' && (status.leader ?? 0) !== 0;
}

/** Without a leader that answers us, a member that serves is taken at its word. */
function keepsUp(memberId: number, leader: BarePlace | null, { config }: RaftClusterSpec): boolean {
  if (leader === null || leader.status === null) return true;
  if (leader.status.member_id === memberId) return true;
  const progress = leader.status.peers?.find(({ id }) => id === memberId);
  if (progress === undefined) return false;
  const silenceMs = Math.max(MAX_SILENCE_MS, MAX_SILENT_HEARTBEATS * config.heartbeatIntervalMilliseconds);
  const isHeard = progress.last_contact_ms !== null && progress.last_contact_ms <= silenceMs;
  const lag = (leader.status.last_index ?? 0) - progress.match;
  return isHeard && progress.state === 'Replicate' && lag <= MAX_LAG_ENTRIES;
}
