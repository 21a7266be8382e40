/** One observation as the conditions ask it: the members in their places, and how many voters serve. */
import type { MemberStatus, RaftCluster, RaftClusterStatus } from '../api/types.ts';
import type { Decision, Plan } from '../decide/types.ts';
import type { Observed, Slot } from '../observe/types.ts';

export type Facts = {
  readonly observed: Observed;
  readonly decision: Decision;
  readonly cluster: RaftCluster;
  readonly previous: RaftClusterStatus;
  /** RFC 3339. */
  readonly now: string;
  readonly members: readonly MemberStatus[];
  /** Places whose pods shall be there. */
  readonly wantedSlots: readonly Slot[];
  readonly voters: Voters;
  /** Places whose pods have another template than they shall have. */
  readonly outdated: readonly string[];
};

export type Voters = {
  /** As spec says. */
  readonly wanted: number;
  /** In the configuration; where nobody could read it, those that were known before. */
  readonly names: readonly string[];
  readonly ready: readonly string[];
  /** What it takes to serve. */
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
  // With the image that this pass writes down: for a moment, nobody must read that all is done, and take their turn.
  if (previous.image !== observed.cluster.status.image) return true;
  return pod.templateHash !== observed.templateHashes[set];
}

/** Why this is next, and what it waits for: for those who read conditions and not the plan. */
export function reasonOf({ reason, blockers }: Pick<Plan, 'reason' | 'blockers'>): string {
  const others = blockers.filter((blocker) => blocker !== reason);
  return others.length === 0 ? reason : `${reason}: ${others.join('; ')}`;
}
