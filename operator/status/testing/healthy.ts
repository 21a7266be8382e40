/** The observation of a healthy cluster of three; each test changes only what it is about. */
import type { ApiCluster, ApiMember, ApiStatus } from '../../../client/types.ts';
import { podHost, podName, ports, volumeName } from '../../api/names.ts';
import { type RaftClusterSpecInput, raftClusterSpec } from '../../api/spec.ts';
import { finalizer, type RaftCluster, type RaftClusterStatus } from '../../api/types.ts';
import type { Decision, Plan } from '../../decide/types.ts';
import type { Observed, PodView, SetView, Slot, VolumeView } from '../../observe/types.ts';

export const startMs: number = Date.parse('2026-01-02T03:04:05.000Z');
export const image = 'quorate:1.0.0';
export const clusterId = '00000000000000aa';

export function clusterOf(spec: RaftClusterSpecInput = {}, status: RaftClusterStatus = {}): RaftCluster {
  return {
    apiVersion: 'quorate.dev/v1',
    kind: 'RaftCluster',
    metadata: {
      name: 'db',
      namespace: 'apps',
      uid: 'cluster-uid',
      resourceVersion: '7',
      generation: 1,
      creationTimestamp: '2026-01-02T03:04:00Z',
    },
    spec: raftClusterSpec.parse(spec),
    status: { hasFormed: true, clusterID: clusterId, image, ...status },
  };
}

export function memberOf(ordinal: number, change: Partial<ApiMember> = {}): ApiMember {
  const name = podName('db', 'Voters', ordinal);
  const peerAddress = `${podHost('db', 'apps', name)}:${ports.peer}`;
  return { id: ordinal + 1, name, peer_address: peerAddress, incarnation: `i${ordinal}`, role: 'Voter', ...change };
}

export function configurationOf(voters: number): ApiCluster {
  return {
    cluster_id: clusterId,
    config_index: 9,
    members: Array.from({ length: voters }, (_, ordinal) => memberOf(ordinal)),
  };
}

/** What a member answers to a request for its status. Member 0 is the leader. */
export function answerOf(ordinal: number, change: Partial<ApiStatus> = {}): ApiStatus {
  const { name, peer_address, incarnation, id } = memberOf(ordinal);
  return {
    name,
    peer_address,
    incarnation,
    client_url: `http://${peer_address}`,
    version: '1.0.0',
    format: 1,
    state: 'Member',
    cluster_id: clusterId,
    member_id: id,
    role: ordinal === 0 ? 'Leader' : 'Follower',
    term: 3,
    leader: 1,
    quorum_critical: false,
    uptime_seconds: 100,
    ...change,
  };
}

export function podOf(ordinal: number, change: Partial<PodView> = {}): PodView {
  return {
    name: podName('db', 'Voters', ordinal),
    uid: `pod-${ordinal}`,
    resourceVersion: '1',
    setUid: null,
    templateHash: 'now',
    image,
    phase: 'Running',
    isReady: true,
    readyChangedMs: startMs,
    createdMs: startMs,
    deletionDueMs: null,
    waitingReason: null,
    unschedulable: null,
    node: {
      name: `node-${ordinal}`,
      zone: `zone-${ordinal}`,
      exists: true,
      isReady: true,
      isOutOfService: false,
      isCordoned: false,
    },
    roleLabel: 'voter',
    ...change,
  };
}

export function volumeOf(ordinal: number, change: Partial<VolumeView> = {}): VolumeView {
  return {
    name: volumeName(podName('db', 'Voters', ordinal)),
    uid: `volume-${ordinal}`,
    resourceVersion: '1',
    phase: 'Bound',
    isLabelled: true,
    requestedBytes: 2 ** 30,
    capacityBytes: 2 ** 30,
    needsPodRestart: false,
    canExpand: true,
    isTerminating: false,
    isReleased: false,
    selectedNode: null,
    incarnation: `i${ordinal}`,
    clusterId,
    memberId: ordinal + 1,
    ownerUid: 'cluster-uid',
    ...change,
  };
}

export function slotOf(ordinal: number, change: Partial<Slot> = {}): Slot {
  const { name, peer_address } = memberOf(ordinal);
  return {
    set: 'Voters',
    ordinal,
    name,
    peerAddress: peer_address,
    pod: podOf(ordinal),
    volume: volumeOf(ordinal),
    report: { kind: 'Answered', status: answerOf(ordinal) },
    ...change,
  };
}

export function observedOf(change: Partial<Observed> = {}): Observed {
  const voters = change.cluster?.spec.replicas ?? 3;
  return {
    nowMs: startMs,
    cluster: clusterOf(),
    operatorImage: image,
    templateHashes: { Voters: 'now', Readers: 'now' },
    sets: { Voters: null, Readers: null },
    slots: Array.from({ length: voters }, (_, ordinal) => slotOf(ordinal)),
    configuration: configurationOf(voters),
    configurationError: null,
    comparison: { kind: 'Equal' },
    pdb: { minAvailable: 2, disruptionsAllowed: 1 },
    refused: [],
    isNamespaceTerminating: false,
    rollingElsewhere: null,
    hasPodMonitors: true,
    hasPrometheusRules: true,
    hasGrafanaDashboards: true,
    chartBringsAlerts: false,
    ...change,
  };
}

/** What the leader reports about a follower that it is in contact with and that has caught up. */
export function peerOf(id: number): NonNullable<ApiStatus['peers']>[number] {
  return { id, match: 9, state: 'Replicate', last_contact_ms: 10, round_trip_ms: 1 };
}

/** Three slots as from `slotOf`, in which the leader also reports its followers. */
export function ledSlots(...changes: readonly [number, Partial<Slot>][]): Slot[] {
  return [0, 1, 2].map((ordinal) => {
    const leads: Partial<ApiStatus> = ordinal === 0 ? { peers: [peerOf(2), peerOf(3)], last_index: 9 } : {};
    const change = changes.find(([changed]) => changed === ordinal)?.[1];
    return slotOf(ordinal, { report: { kind: 'Answered', status: answerOf(ordinal, leads) }, ...change });
  });
}

/** The voters' StatefulSet with no change under way. */
export const votersSet: SetView = {
  uid: 'set-uid',
  resourceVersion: '1',
  replicas: 3,
  start: 0,
  templateHash: 'now',
  isObserved: true,
  ownerUid: 'cluster-uid',
  isTerminating: false,
};

/**
 * A cluster for which `decide` has nothing left to prepare: target and finalizer are set, and the StatefulSet exists.
 */
export function settledOf(
  spec: RaftClusterSpecInput,
  status: RaftClusterStatus,
  change: Partial<Observed> = {},
): Observed {
  const target = { replicas: 3, readReplicas: 0, generation: 1 };
  const cluster = clusterOf(spec, { target, ...status });
  return observedOf({
    cluster: { ...cluster, metadata: { ...cluster.metadata, finalizers: [finalizer] } },
    sets: { Voters: votersSet, Readers: null },
    slots: ledSlots(),
    ...change,
  });
}

export const steady: Plan = { action: 'Steady', subject: '', reason: 'the cluster is as it shall be', blockers: [] };

export function decisionOf(plan: Partial<Plan> = {}, shape: Partial<Decision['shape']> = {}): Decision {
  return {
    act: null,
    plan: { ...steady, ...plan },
    shape: {
      image,
      setReplicas: { Voters: 3, Readers: 0 },
      minAvailable: 2,
      roleLabels: {},
      leaderPod: 'db-0',
      mayApply: true,
      ...shape,
    },
    requeueAfterMs: null,
  };
}
