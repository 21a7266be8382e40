/** The world as a pass of the operator would observe it, freshly. */
import type { ApiStatus } from '../../../client/types.ts';
import { podName, type SetName } from '../../api/names.ts';
import { finalizer } from '../../api/types.ts';
import type { NodeView, Observed, PodView, Slot, VolumeView } from '../../observe/types.ts';
import { BROKEN, clusterIdOf, folderOf, isAlive, leaderIn, runs, templateOf, type World } from './world.ts';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
export const CLUSTER = 'c';

export function observeWorld(world: World): Observed {
  const slots = (['Voters', 'Readers'] as const).flatMap((set) => slotsOf(world, set));
  const id = world.status.clusterID ?? onlyId(slots);
  const raft = id === undefined ? undefined : world.rafts[id];
  const leader = id === undefined ? 0 : leaderIn(world, id);
  const template = templateOf(world);
  const { status } = world;
  const configuration =
    raft === undefined || leader === 0 || id === undefined
      ? null
      : { cluster_id: id, config_index: raft.configIndex, members: raft.members };
  const names = new Set([...slots.map(({ name }) => name), ...(raft?.members ?? []).map(({ name }) => name)]);
  return {
    nowMs: NOW_MS,
    cluster: {
      apiVersion: 'quorate.dev/v1',
      kind: 'RaftCluster',
      metadata: {
        name: CLUSTER,
        namespace: 'n',
        uid: world.uid,
        resourceVersion: '1',
        generation: 1,
        creationTimestamp: new Date(NOW_MS - HOUR_MS).toISOString(),
        ...(world.isDeleting ? { deletionTimestamp: new Date(NOW_MS).toISOString() } : {}),
        finalizers: world.hasFinalizer ? [finalizer] : [],
      },
      spec: world.spec,
      status: {
        ...status,
        members: [...names].map((name) => ({
          name,
          role: 'Follower' as const,
          ready: false,
          ...(world.lost[name] === undefined ? {} : { lostSince: lostSince(world.lost[name]) }),
        })),
      },
    },
    operatorImage: 'operator:1',
    templateHashes: { Voters: template, Readers: template },
    sets: { Voters: setView(world, 'Voters'), Readers: setView(world, 'Readers') },
    slots,
    configuration,
    configurationError: configuration === null ? 'nobody leads' : null,
    comparison: comparisonIn(world, slots, id),
    pdb: pdbOf(world),
    refused: [],
    isNamespaceTerminating: false,
    rollingElsewhere: null,
    hasPodMonitors: false,
    hasPrometheusRules: false,
    hasGrafanaDashboards: false,
    chartBringsAlerts: false,
  };
}

/** As members tell that answer. */
function comparisonIn({ rafts }: World, slots: readonly Slot[], id: string | undefined): Observed['comparison'] {
  const raft = id === undefined ? undefined : rafts[id];
  const isTold = slots.some(
    ({ report }) => report?.kind === 'Answered' && report.status.state === 'Member' && report.status.cluster_id === id,
  );
  if (raft === undefined || !isTold) return { kind: 'NotTold' };
  if (raft.marks.length === 0) return { kind: 'Equal' };
  const members = raft.members.filter((member) => raft.marks.includes(member.id)).map(({ name }) => name);
  return { kind: 'Differs', members, isDecided: !raft.marks.includes(0) };
}

function lostSince(how: 'Short' | 'Long'): string {
  return new Date(NOW_MS - (how === 'Long' ? HOUR_MS : 0)).toISOString();
}

function onlyId(slots: readonly Slot[]): string | undefined {
  const ids = new Set(
    slots.flatMap(({ report }) =>
      report?.kind === 'Answered' && report.status.state === 'Member' ? [report.status.cluster_id] : [],
    ),
  );
  return ids.size === 1 ? [...ids][0] : undefined;
}

function slotsOf(world: World, set: SetName): Slot[] {
  const live = world.sets[set];
  const ordinals: number[] = [];
  for (let ordinal = 0; ordinal < 10; ordinal++) {
    const name = podName(CLUSTER, set, ordinal);
    const isAsked = live !== null && ordinal >= live.start && ordinal < live.start + live.replicas;
    if (isAsked || world.pods[name] !== undefined || world.volumes[`data-${name}`] !== undefined)
      ordinals.push(ordinal);
  }
  return ordinals.map((ordinal): Slot => {
    const name = podName(CLUSTER, set, ordinal);
    return {
      set,
      ordinal,
      name,
      peerAddress: `${name}:2380`,
      pod: podView(world, name),
      volume: volumeView(world, name),
      report: reportOf(world, name),
    };
  });
}

function reportOf(world: World, name: string): Slot['report'] {
  const pod = world.pods[name];
  if (pod === undefined || pod.phase === 'Starting') return null;
  const folder = folderOf(world, name);
  if (folder === null || !runs(world, name)) return { kind: 'Unreachable', error: 'connection refused' };
  const base: ApiStatus = {
    name,
    incarnation: folder.incarnation,
    peer_address: `${name}:2380`,
    client_url: '',
    version: '1.0.0',
    format: 1,
    state: 'Parked',
    reason: 'NoData',
    uptime_seconds: 0,
  };
  const clusterId = clusterIdOf(folder);
  if (clusterId === null || folder.grant === null) return { kind: 'Answered', status: base };
  const founding = folder.grant.kind === 'Founder' ? { founding: folder.grant.record } : {};
  const known = { ...base, cluster_id: clusterId, ...founding };
  if (folder.isDamaged) return { kind: 'Answered', status: { ...known, reason: 'Damaged' } };
  const raft = world.rafts[clusterId];
  const member = raft?.members.find(({ incarnation }) => incarnation === folder.incarnation);
  if (raft !== undefined && member === undefined) return { kind: 'Answered', status: { ...known, reason: 'Removed' } };
  const { reason: _, ...running } = known;
  const leader = leaderIn(world, clusterId);
  const status: ApiStatus = {
    ...running,
    state: folder.hasState ? 'Member' : 'Joining',
    member_id: folder.grant.id,
    leader,
    term: 1,
    commit: 10,
    applied: 10,
    last_index: 10,
    role: leader === folder.grant.id ? 'Leader' : member?.role === 'Learner' ? 'Learner' : 'Follower',
    config_index: raft?.configIndex ?? 1,
    members: raft?.members ?? [],
  };
  if (status.role === 'Leader' && raft !== undefined) {
    status.peers = raft.members
      .filter(({ id }) => id !== leader)
      .map((peer) => {
        const isUp = isAlive(world, clusterId, peer);
        return {
          id: peer.id,
          match: isUp ? 10 : 0,
          state: isUp ? ('Replicate' as const) : ('Probe' as const),
          last_contact_ms: isUp ? 5 : null,
          round_trip_ms: 1,
        };
      });
  }
  return { kind: 'Answered', status };
}

function podView(world: World, name: string): PodView | null {
  const pod = world.pods[name];
  if (pod === undefined) return null;
  const dead = world.deadNodes[name];
  const node: NodeView = {
    name: `node-${name}`,
    exists: true,
    isReady: dead === undefined,
    isOutOfService: dead === 'OutOfService',
    isCordoned: false,
  };
  const isBroken = pod.template.includes(BROKEN);
  const folder = folderOf(world, name);
  const clusterId = folder === null ? null : clusterIdOf(folder);
  const isServing =
    clusterId !== null && folder?.hasState === true && !folder.isDamaged && leaderIn(world, clusterId) !== 0;
  return {
    name,
    uid: pod.id,
    resourceVersion: '1',
    setUid: null,
    templateHash: pod.template,
    image: pod.template.split(' ')[0]!,
    phase: pod.phase === 'Starting' ? 'Pending' : 'Running',
    isReady: pod.phase === 'Running' && dead === undefined && isServing,
    readyChangedMs: NOW_MS - HOUR_MS,
    createdMs: NOW_MS - 2 * HOUR_MS,
    deletionDueMs: pod.phase === 'Terminating' ? NOW_MS : null,
    waitingReason: pod.phase === 'Starting' && isBroken ? 'ImagePullBackOff' : null,
    unschedulable: null,
    node,
    roleLabel: pod.role,
  };
}

function volumeView(world: World, name: string): VolumeView | null {
  const volume = world.volumes[`data-${name}`];
  if (volume === undefined) return null;
  const { isTerminating, incarnation, clusterId, memberId, ownerUid, isReleased, id } = volume;
  return {
    name: `data-${name}`,
    uid: id,
    resourceVersion: '1',
    phase: 'Bound',
    isLabelled: true,
    requestedBytes: 2 ** 30,
    capacityBytes: 2 ** 30,
    needsPodRestart: false,
    canExpand: false,
    isTerminating,
    isReleased,
    selectedNode: null,
    incarnation,
    clusterId,
    memberId,
    ownerUid,
  };
}

function setView(world: World, set: SetName): Observed['sets'][SetName] {
  const live = world.sets[set];
  if (live === null) return null;
  return {
    uid: set,
    resourceVersion: '1',
    ...live,
    templateHash: templateOf(world),
    isObserved: true,
    ownerUid: world.uid,
    isTerminating: false,
  };
}

/** As the disruption controller would have it, from the labels. */
function pdbOf(world: World): Observed['pdb'] {
  const voters = Math.max(world.status.target?.replicas ?? 0, 0);
  if (voters < 3) return null;
  const minAvailable = Math.floor(voters / 2) + 1;
  const healthy = Object.keys(world.pods).filter(
    (name) => world.pods[name]!.role === 'voter' && podView(world, name)!.isReady,
  ).length;
  return { minAvailable, disruptionsAllowed: Math.max(0, healthy - minAvailable) };
}
