/** What several conditions need from one observation, computed once: members, voters, wanted and outdated pods. */
import type { MemberStatus, RaftCluster, RaftClusterStatus } from '../api/types.ts';
import type { Decision, Plan } from '../decide/types.ts';
import type { Observed, Slot } from '../observe/types.ts';

export type Facts = {
  readonly observed: Observed;
  readonly decision: Decision;
  readonly cluster: RaftCluster;
  readonly previous: RaftClusterStatus;
  /** The time of the observation, in RFC 3339. */
  readonly now: string;
  readonly members: readonly MemberStatus[];
  /** The slots (StatefulSet and ordinal) that the spec wants a pod for; none while the cluster hibernates. */
  readonly wantedSlots: readonly Slot[];
  readonly voters: Voters;
  /** Names of the pods with an outdated template; pods that are being deleted do not count. */
  readonly outdated: readonly string[];
};

export type Voters = {
  /** `spec.replicas`. */
  readonly wanted: number;
  /** The voters in the Raft configuration; if it could not be read, those of the previous status. */
  readonly names: readonly string[];
  readonly ready: readonly string[];
  /** How many voters must be ready to serve. */
  readonly quorum: number;
};

export function factsOf(
  observed: Observed,
  decision: Decision,
  previous: RaftClusterStatus,
  members: readonly MemberStatus[],
): Facts {
  const { cluster } = observed;
  const size = { Voters: cluster.spec.replicas, Readers: cluster.spec.readReplicas };
  return {
    observed,
    decision,
    cluster,
    previous,
    now: new Date(observed.nowMs).toISOString(),
    members,
    wantedSlots: cluster.spec.replicas === 0 ? [] : observed.slots.filter(({ set, ordinal }) => ordinal < size[set]),
    voters: votersOf(observed, previous, members),
    outdated: observed.slots.filter((slot) => isOutdated(slot, observed, previous)).map(({ name }) => name),
  };
}

function votersOf(
  { cluster, configuration }: Observed,
  previous: RaftClusterStatus,
  members: readonly MemberStatus[],
): Voters {
  const names =
    configuration?.members.filter(({ role }) => role === 'Voter').map(({ name }) => name) ??
    (previous.members ?? []).filter(({ role }) => role === 'Leader' || role === 'Follower').map(({ name }) => name);
  return {
    wanted: cluster.spec.replicas,
    names,
    ready: names.filter((name) => members.some((member) => member.name === name && member.ready)),
    quorum: Math.floor(names.length / 2) + 1,
  };
}

function isOutdated({ pod, set }: Slot, observed: Observed, previous: RaftClusterStatus): boolean {
  if (pod === null || pod.deletionDueMs !== null) return false;
  // This pass has just recorded a new image, so the template hashes are still those of the old one. Without this check,
  // the status would say for a moment that all pods are up to date, and the next cluster would begin its rollout.
  if (previous.image !== observed.cluster.status.image) return true;
  return pod.templateHash !== observed.templateHashes[set];
}

/** The plan's reason and blockers in one text, for users who read the conditions but not `status.plan`. */
export function reasonOf({ reason, blockers }: Pick<Plan, 'reason' | 'blockers'>): string {
  const others = blockers.filter((blocker) => blocker !== reason);
  return others.length === 0 ? reason : `${reason}: ${others.join('; ')}`;
}
