/**
 * Progressing, as in the status of a Deployment: True while the operator advances and when it is done, False when the
 * same plan has had no effect for `progressDeadlineSeconds`.
 */
import { refusalText } from '../../api/refused-write.ts';
import { capitalized } from '../../api/sentence.ts';
import type { RaftClusterStatus } from '../../api/types.ts';
import { type Facts, reasonOf } from '../facts.ts';
import { type Finder, no, unknown, yes } from './finding.ts';
import { membersUpToDate } from './up-to-date.ts';

export const progressing: Finder = (facts) => {
  const { observed, cluster, decision, previous } = facts;
  const { plan } = decision;
  const { spec, metadata } = cluster;
  if (spec.paused) return unknown('Paused', 'The operator only observes.');
  if (plan.action === 'Steady') return yes('Complete', 'There is nothing to do.');
  if (isAsleep(facts)) return yes('Hibernating', 'replicas is 0, and all pods are stopped.');
  if (isLeftTo(facts) || isOnlyRefused(facts)) return yes('Waiting', sentence(plan.reason));
  const waited = observed.nowMs - Date.parse(planSince(previous, plan, metadata.generation, observed.nowMs));
  if (waited >= spec.progressDeadlineSeconds * 1000) {
    return no(
      'DeadlineExceeded',
      `Nothing has come of this for ${spec.progressDeadlineSeconds} seconds: ${reasonOf(plan)}.`,
    );
  }
  return yes(plan.action === 'Wait' ? 'Waiting' : plan.action, sentence(plan.reason));
};

/** Whether all pods are stopped because the spec asks for it: a cluster that hibernates overnight is not stuck. */
function isAsleep({ observed, cluster, previous }: Facts): boolean {
  const { spec, metadata } = cluster;
  if (spec.replicas > 0 || previous.hibernation === undefined || metadata.deletionTimestamp !== undefined) return false;
  return observed.slots.every(({ pod }) => pod === null);
}

/**
 * Whether the plan waits only for others: for another cluster that takes a new operator image first, or for the user
 * who restarts the pods. Both may take any time, so the progress deadline does not apply.
 */
function isLeftTo(facts: Facts): boolean {
  const { plan } = facts.decision;
  const { reason } = membersUpToDate(facts);
  if (plan.action !== 'Wait' || plan.blockers.length !== 1 || plan.blockers[0] !== plan.reason) return false;
  return reason === 'RestartPending' || (reason === 'WaitsForTurn' && facts.observed.rollingElsewhere !== null);
}

/**
 * Whether the members are up to date and the API server only refuses other objects, such as a PodMonitor. The condition
 * Degraded reports the refusal. It must not make the cluster unready, nor keep other clusters from taking a new
 * operator image.
 */
function isOnlyRefused(facts: Facts): boolean {
  const { observed, decision, previous } = facts;
  const { reason, blockers } = decision.plan;
  const refusals = observed.refused.map(refusalText);
  if (previous.hasFormed !== true || membersUpToDate(facts).status !== 'True') return false;
  return [reason, ...blockers].every((text) => refusals.includes(text));
}

/**
 * Since when the plan has been the same, in RFC 3339. A change of the spec restarts the time, so that the change gets
 * the whole progress deadline.
 */
export function planSince(
  previous: RaftClusterStatus,
  plan: { readonly action: string; readonly subject: string; readonly reason: string },
  generation: number,
  nowMs: number,
): string {
  const before = previous.plan;
  const isSame =
    before?.action === plan.action &&
    before.subject === plan.subject &&
    before.reason === plan.reason &&
    previous.observedGeneration === generation;
  return isSame ? before.since : new Date(nowMs).toISOString();
}

function sentence(text: string): string {
  const whole = capitalized(text);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
