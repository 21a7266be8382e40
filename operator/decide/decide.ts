/**
 * One pass: the rules in their order, the first that acts or waits decides. Pure: the same observation gives the same
 * decision, whoever asks and however often, so an operator that is killed anywhere goes on where it was.
 */
import type { Observed } from '../observe/types.ts';
import { type ClusterView, viewOf } from './cluster-view.ts';
import { refusedWrites } from './refused-writes.ts';
import { type Outcome, sooner } from './rule.ts';
import { rules } from './rules.ts';
import { shapeOf } from './shape.ts';
import type { Decision, Plan } from './types.ts';

/** A quiet cluster is looked at this often, since members fail without telling Kubernetes. */
const QUIET_MS = 30_000;

export function decide(observed: Observed): Decision {
  const view = viewOf(observed);
  const blockers: string[] = [];
  let requeueAfterMs: number | null = null;
  for (const rule of rules) {
    const outcome = rule(view);
    switch (outcome.kind) {
      case 'Pass':
        continue;
      case 'Note':
        blockers.push(...outcome.blockers);
        requeueAfterMs = sooner(requeueAfterMs, outcome.requeueAfterMs);
        continue;
      case 'Act': {
        const { act, subject, reason } = outcome;
        return decision(view, act, { action: act.kind, subject, reason, blockers: [] }, null, true);
      }
      case 'Wait':
        return waiting(view, outcome, blockers, requeueAfterMs);
    }
  }
  blockers.push(...refusedWrites(view));
  const plan: Plan =
    blockers.length > 0
      ? { action: 'Wait', subject: '', reason: blockers[0]!, blockers }
      : { action: 'Steady', subject: '', reason: 'the cluster is as it shall be', blockers };
  return decision(view, null, plan, requeueAfterMs ?? QUIET_MS, true);
}

function waiting(
  view: ClusterView,
  outcome: Extract<Outcome, { kind: 'Wait' }>,
  remarks: readonly string[],
  requeueAfterMs: number | null,
): Decision {
  const plan: Plan = {
    action: 'Wait',
    subject: '',
    reason: outcome.reason,
    blockers: [...outcome.blockers, ...remarks, ...refusedWrites(view)],
  };
  return decision(view, null, plan, sooner(requeueAfterMs, outcome.requeueAfterMs), outcome.mayApply);
}

function decision(
  view: ClusterView,
  act: Decision['act'],
  plan: Plan,
  requeueAfterMs: number | null,
  mayApply: boolean,
): Decision {
  return { act, plan, shape: shapeOf(view, mayApply), requeueAfterMs };
}
