/**
 * Progressing: as a Deployment's, True while something is being done and when all is done, False when nothing has come of
 * it for `progressDeadlineSeconds`.
 */
import type { RaftClusterStatus } from '../../api/types.ts';
import { reasonOf } from '../facts.ts';
import { type Finder, no, unknown, yes } from './finding.ts';

export const progressing: Finder = ({ observed, cluster, decision: { plan }, previous }) => {
  const { spec, metadata } = cluster;
  if (spec.paused) return unknown('Paused', 'The operator only observes.');
  if (plan.action === 'Steady') return yes('Complete', 'There is nothing to do.');
  const waited = observed.nowMs - Date.parse(planSince(previous, plan, metadata.generation, observed.nowMs));
  if (waited >= spec.progressDeadlineSeconds * 1000) {
    return no(
      'DeadlineExceeded',
      `Nothing has come of this for ${spec.progressDeadlineSeconds} seconds: ${reasonOf(plan)}.`,
    );
  }
  return yes(plan.action === 'Wait' ? 'Waiting' : plan.action, sentence(plan.reason));
};

/** Since when the plan is this one. A change of the spec starts anew: whoever wrote it waits for its effect. */
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
  const whole = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
