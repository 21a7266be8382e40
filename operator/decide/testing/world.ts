/**
 * A small model of a RaftCluster's world as one plain value: StatefulSets, pods, volumes, the folders in them and what
 * the members have agreed on. Its moves (moves.ts) are what Kubernetes and the members do; acts change it (carry-out.ts).
 */
import type { ApiBootstrap, ApiMember } from '../../../client/types.ts';
import type { SetName } from '../../api/names.ts';
import type { RaftClusterSpec, RaftClusterStatus } from '../../api/types.ts';

export type Folder = {
  incarnation: string;
  grant:
    | null
    | { kind: 'Founder'; record: ApiBootstrap; id: number }
    | { kind: 'Joiner'; clusterId: string; id: number }
    | { kind: 'Survivor'; clusterId: string; id: number };
  /** Has had its first snapshot, or was a founder. */
  hasState: boolean;
  isDamaged: boolean;
};

export type Volume = {
  id: string;
  isTerminating: boolean;
  incarnation: string | null;
  clusterId: string | null;
  memberId: number | null;
  ownerUid: string;
  isReleased: boolean;
  /** null until a member has started on it. */
  folder: Folder | null;
};

export type PodModel = {
  id: string;
  /** Id of the volume that it has mounted. */
  volume: string;
  template: string;
  phase: 'Starting' | 'Running' | 'Terminating';
  role: 'voter' | 'learner' | null;
};

/** What the members of one cluster id have agreed on. */
export type Raft = {
  configIndex: number;
  members: ApiMember[];
  nextId: number;
  leader: number;
  /** Ids whose keys are not those of a quorum; 0 for nobody knows whose. They go with their members. */
  marks: number[];
};

export type World = {
  spec: RaftClusterSpec;
  uid: string;
  status: RaftClusterStatus;
  hasFinalizer: boolean;
  isDeleting: boolean;
  isGone: boolean;
  sets: Record<SetName, { replicas: number; start: number } | null>;
  pods: Record<string, PodModel>;
  volumes: Record<string, Volume>;
  rafts: Record<string, Raft>;
  /** Of members that take no part; long is beyond the threshold. */
  lost: Record<string, 'Short' | 'Long'>;
  /** Nodes, one a pod name, that have stopped. */
  deadNodes: Record<string, 'Silent' | 'OutOfService'>;
  /** Of ids of pods, volumes and incarnations. */
  counter: number;
  faultsLeft: number;
};

/** What a spec stands for in pods: everything else of it does not change in here. */
export function templateOf({ spec, status }: World): string {
  return `${status.image ?? ''} ${spec.restartedAt ?? ''}`;
}

/** A template with this word in it does not start. */
export const BROKEN = 'broken';

export function folderOf(world: World, name: string): Folder | null {
  const volume = world.volumes[`data-${name}`];
  const pod = world.pods[name];
  return volume !== undefined && pod?.volume === volume.id ? volume.folder : null;
}

/** Its process runs, whatever it has to say. */
export function runs(world: World, name: string): boolean {
  const pod = world.pods[name];
  return (
    pod !== undefined &&
    pod.phase !== 'Starting' &&
    world.deadNodes[name] === undefined &&
    folderOf(world, name) !== null
  );
}

export function clusterIdOf(folder: Folder): string | null {
  const { grant } = folder;
  if (grant === null) return null;
  return grant.kind === 'Founder' ? grant.record.cluster_id : grant.clusterId;
}

/** A member of the configuration that runs, with its data. */
export function isAlive(world: World, clusterId: string, member: ApiMember): boolean {
  const folder = folderOf(world, member.name);
  if (folder === null || !runs(world, member.name) || folder.isDamaged) return false;
  return folder.incarnation === member.incarnation && clusterIdOf(folder) === clusterId && folder.hasState;
}

export function votersOf(raft: Raft): ApiMember[] {
  return raft.members.filter(({ role }) => role === 'Voter');
}

export function hasQuorum(world: World, clusterId: string): boolean {
  const raft = world.rafts[clusterId];
  if (raft === undefined) return false;
  const voters = votersOf(raft);
  return voters.filter((member) => isAlive(world, clusterId, member)).length >= Math.floor(voters.length / 2) + 1;
}

/** Who leads: who led, if it can, else the first voter that is alive. 0 for none. */
export function leaderIn(world: World, clusterId: string): number {
  const raft = world.rafts[clusterId];
  if (raft === undefined || !hasQuorum(world, clusterId)) return 0;
  const alive = votersOf(raft).filter(
    (member) => isAlive(world, clusterId, member) && world.pods[member.name]?.phase === 'Running',
  );
  const candidates = alive.length > 0 ? alive : votersOf(raft).filter((member) => isAlive(world, clusterId, member));
  return candidates.find(({ id }) => id === raft.leader)?.id ?? candidates[0]!.id;
}

export function newWorld(spec: RaftClusterSpec, faults: number): World {
  return {
    spec,
    uid: 'u',
    status: {},
    hasFinalizer: false,
    isDeleting: false,
    isGone: false,
    sets: { Voters: null, Readers: null },
    pods: {},
    volumes: {},
    rafts: {},
    lost: {},
    deadNodes: {},
    counter: 1,
    faultsLeft: faults,
  };
}
