/**
 * Computes the status of a RaftCluster from the observation and the decision of a pass. A pure function that returns
 * the same status for the same observation. Values that change with every write or second (indexes, lag, uptime) belong
 * in metrics instead, since each write of the status wakes everyone who watches the RaftCluster.
 */
import { podSelector } from '../api/names.ts';
import { type Condition, type ConditionType, conditionTypes, type RaftClusterStatus } from '../api/types.ts';
import type { Decision } from '../decide/types.ts';
import type { Observed } from '../observe/types.ts';
import { available } from './conditions/available.ts';
import { dataConsistent } from './conditions/data-consistent.ts';
import { degraded } from './conditions/degraded.ts';
import { disruptionBudget, drainBlocked } from './conditions/disruption.ts';
import type { Finder } from './conditions/finding.ts';
import { clusterIdConsistent } from './conditions/identity.ts';
import { planSince, progressing } from './conditions/progressing.ts';
import { ready } from './conditions/ready.ts';
import { evenVoters, paused } from './conditions/simple.ts';
import { storageReady } from './conditions/storage-ready.ts';
import { membersUpToDate } from './conditions/up-to-date.ts';
import { type Facts, factsOf } from './facts.ts';
import { leaderName, memberStatuses } from './member-status.ts';
import { lowestVersion } from './version.ts';

const finders: Readonly<Record<ConditionType, Finder>> = {
  Ready: ready,
  Available: available,
  Progressing: progressing,
  Degraded: degraded,
  MembersUpToDate: membersUpToDate,
  StorageReady: storageReady,
  DrainBlocked: drainBlocked,
  ClusterIDConsistent: clusterIdConsistent,
  DataConsistent: dataConsistent,
  DisruptionBudget: disruptionBudget,
  EvenVoters: evenVoters,
  Paused: paused,
};

/**
 * @param previous the current status, including what a `Record` act of this pass has written. Recorded intentions are
 *   kept, and so are the times of conditions and plans that have not changed.
 */
export function statusOf(observed: Observed, decision: Decision, previous: RaftClusterStatus): RaftClusterStatus {
  const members = memberStatuses(observed, previous);
  const facts = factsOf(observed, decision, previous, members);
  const { cluster, voters, now } = facts;
  const { name, generation } = cluster.metadata;
  const leader = leaderName(observed);
  const version = lowestVersion(members) ?? previous.currentVersion;
  const { leader: _, ...kept } = previous;
  return {
    ...kept,
    observedGeneration: generation,
    replicas: voterCount(facts),
    readyReplicas: voters.ready.length,
    selector: podSelector(name, 'Voters'),
    voters: `${voters.ready.length}/${voters.wanted}`,
    learners: observed.configuration?.members.filter(({ role }) => role === 'Learner').length ?? previous.learners ?? 0,
    ...(leader === null ? {} : { leader }),
    ...(version === undefined ? {} : { currentVersion: version }),
    members: [...members],
    plan: {
      ...decision.plan,
      blockers: [...decision.plan.blockers],
      since: planSince(previous, decision.plan, generation, observed.nowMs),
    },
    conditions: conditionTypes.map((type) => conditionOf(type, facts, now)),
  };
}

/**
 * `status.replicas`, which the scale subresource reports: the actual number of voters, 0 while all pods are stopped.
 */
function voterCount({ observed, voters }: Facts): number {
  if (observed.configuration !== null) return voters.names.length;
  return observed.slots.filter(({ set, pod }) => set === 'Voters' && pod !== null).length;
}

function conditionOf(type: ConditionType, facts: Facts, now: string): Condition {
  const finding = finders[type](facts);
  const before = facts.previous.conditions?.find((condition) => condition.type === type);
  return {
    type,
    ...finding,
    observedGeneration: facts.cluster.metadata.generation,
    lastTransitionTime: before?.status === finding.status ? before.lastTransitionTime : now,
  };
}
