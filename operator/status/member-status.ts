/**
 * `status.members`: an entry for each slot with a pod, a volume or a member. Values that change with every write to the
 * store are left out, since each change of the status wakes all its watchers.
 */
import type { ApiMember, ApiStatus } from '../../client/types.ts';
import type { MemberStatus, RaftClusterStatus } from '../api/types.ts';
import type { Observed, Slot } from '../observe/types.ts';

export function memberStatuses(observed: Observed, previous: RaftClusterStatus): readonly MemberStatus[] {
  const members = observed.configuration?.members ?? [];
  const slots = observed.slots.filter(
    ({ name, pod, volume }) => pod !== null || volume !== null || members.some((member) => member.name === name),
  );
  const homeless = members.filter(({ name }) => !observed.slots.some((slot) => slot.name === name));
  const before = (name: string): MemberStatus | undefined => previous.members?.find((member) => member.name === name);
  return [
    ...slots.map((slot) => statusOfSlot(slot, observed, before(slot.name))),
    ...homeless.map((member) => statusOfHomeless(member, observed, before(member.name))),
  ];
}

/** Name of the leader according to the member that knows the highest term; null if no member knows a leader. */
export function leaderName({ slots, configuration }: Observed): string | null {
  const latest = slots
    .map(answerOf)
    .filter((status) => status !== null)
    .filter(({ state, leader = 0 }) => state === 'Member' && leader !== 0)
    .sort((a, b) => (b.term ?? 0) - (a.term ?? 0))[0];
  if (latest === undefined) return null;
  const known = [...(configuration?.members ?? []), ...(latest.members ?? [])];
  return known.find(({ id }) => id === latest.leader)?.name ?? null;
}

function statusOfSlot(slot: Slot, observed: Observed, before: MemberStatus | undefined): MemberStatus {
  const { name, pod, volume } = slot;
  const status = answerOf(slot);
  const member = memberNamed(name, observed, status);
  const incarnation = incarnationOf(slot, status) ?? undefined;
  const memberId = member?.id ?? status?.member_id ?? volume?.memberId ?? undefined;
  const version = status?.version ?? (pod === null ? undefined : before?.version);
  const ready = pod?.isReady === true && pod.deletionDueMs === null;
  const reason = ready ? undefined : notReadyReason(slot, observed);
  return {
    name,
    role: roleOf(name, member, status, observed, before),
    ready,
    ...(memberId === undefined ? {} : { memberID: String(memberId) }),
    ...(incarnation === undefined ? {} : { incarnation }),
    ...(version === undefined ? {} : { version }),
    ...(pod?.node == null ? {} : { node: pod.node.name }),
    ...(pod?.node?.zone == null ? {} : { zone: pod.node.zone }),
    ...(reason === undefined ? {} : { reason }),
    ...lostSince(isLost(slot, observed, before), observed, before),
  };
}

/** A member of the Raft configuration that has no slot any more: no pod, no volume, and no ordinal in a StatefulSet. */
function statusOfHomeless(member: ApiMember, observed: Observed, before: MemberStatus | undefined): MemberStatus {
  return {
    name: member.name,
    memberID: String(member.id),
    incarnation: member.incarnation,
    role: member.role === 'Learner' ? 'Learner' : 'Follower',
    ready: false,
    reason: 'PodMissing',
    ...lostSince(true, observed, before),
  };
}

function answerOf({ report }: Slot): ApiStatus | null {
  return report?.kind === 'Answered' ? report.status : null;
}

function incarnationOf({ volume }: Slot, status: ApiStatus | null): string | null {
  return status === null || status.incarnation === '' ? (volume?.incarnation ?? null) : status.incarnation;
}

function memberNamed(name: string, { configuration }: Observed, status: ApiStatus | null): ApiMember | null {
  const members = configuration?.members ?? status?.members ?? [];
  return members.find((member) => member.name === name) ?? null;
}

function roleOf(
  name: string,
  member: ApiMember | null,
  status: ApiStatus | null,
  observed: Observed,
  before: MemberStatus | undefined,
): MemberStatus['role'] {
  if (leaderName(observed) === name) return 'Leader';
  if (member !== null) return member.role === 'Learner' ? 'Learner' : 'Follower';
  // The configuration could not be read. The previous role is the best guess, except that no leader is known now.
  if (observed.configuration !== null || before === undefined || status?.state === 'Parked') return 'None';
  return before.role === 'Leader' ? 'Follower' : before.role;
}

/** Checks the likeliest root cause first: a node that is gone, for example, also makes the member unreachable. */
function notReadyReason(slot: Slot, { comparison }: Observed): string {
  const { pod, report } = slot;
  if (pod === null) return 'PodMissing';
  if (pod.deletionDueMs !== null) return 'Terminating';
  if (pod.node !== null && !pod.node.exists) return 'NodeGone';
  if (pod.node !== null && !pod.node.isReady) return 'NodeNotReady';
  if (pod.unschedulable !== null) return 'Unschedulable';
  if (pod.waitingReason !== null) return pod.waitingReason;
  if (pod.phase !== 'Running') return `Pod${pod.phase}`;
  if (report === null || report.kind === 'Unreachable') return 'Unreachable';
  if (report.status.state === 'Parked') return report.status.reason ?? 'Parked';
  if (report.status.state === 'Joining') return 'Joining';
  return comparison.kind === 'Differs' && comparison.members.includes(slot.name) ? 'DataDiffers' : 'NotReady';
}

/**
 * Whether a member of the Raft configuration takes no part in it. What the member itself reports counts more than the
 * readiness of its pod, since a member can vote before its pod is ready.
 */
function isLost(slot: Slot, observed: Observed, before: MemberStatus | undefined): boolean {
  const { cluster, configuration } = observed;
  // The cluster hibernates or is being deleted, so its members are stopped on purpose.
  if (cluster.spec.replicas === 0 || cluster.metadata.deletionTimestamp !== undefined) return false;
  const member = configuration?.members.find(({ name }) => name === slot.name);
  const isCountedOn = configuration === null ? before !== undefined && before.role !== 'None' : member !== undefined;
  if (!isCountedOn) return false;
  const status = answerOf(slot);
  if (slot.pod === null || status === null || status.state === 'Parked') return true;
  return member !== undefined && incarnationOf(slot, status) !== member.incarnation;
}

function lostSince(
  isLostNow: boolean,
  { nowMs }: Observed,
  before: MemberStatus | undefined,
): Pick<MemberStatus, 'lostSince'> {
  return isLostNow ? { lostSince: before?.lostSince ?? new Date(nowMs).toISOString() } : {};
}
