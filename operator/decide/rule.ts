/** What a rule is: one concern, looked at in the order of rules.ts, that acts, stops the pass, remarks, or passes. */
import type { RaftClusterStatus } from '../api/types.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Act, ActEvent } from './types.ts';

export type Outcome =
  | { readonly kind: 'Act'; readonly act: Act; readonly subject: string; readonly reason: string }
  /** Nothing further down the list may be done now; with `mayApply: false` child objects may not be written either. */
  | {
      readonly kind: 'Wait';
      readonly reason: string;
      readonly blockers: readonly string[];
      readonly requeueAfterMs: number | null;
      readonly mayApply: boolean;
    }
  /** Something cannot go on; the rules further down look at the rest. */
  | { readonly kind: 'Note'; readonly blockers: readonly string[]; readonly requeueAfterMs: number | null }
  | { readonly kind: 'Pass' };

export type Rule = (view: ClusterView) => Outcome;

export const pass: Outcome = { kind: 'Pass' };

/** Members send the operator no events, so what is about to change there is looked at again after this long. */
export const SOON_MS = 1_000;
const LATER_MS = 5_000;

export function act(what: Act, subject: string, reason: string): Outcome {
  return { kind: 'Act', act: what, subject, reason };
}

/** Writes fields to the status, and says so in an event; a field that is undefined is removed. */
export function record(
  status: Partial<RaftClusterStatus>,
  type: ActEvent['type'],
  reason: string,
  message: string,
  subject: string,
): Outcome {
  return act({ kind: 'Record', status, event: { type, reason, message } }, subject, message);
}

export function wait(
  reason: string,
  blockers: readonly string[],
  options: { readonly requeueAfterMs?: number | null; readonly mayApply?: boolean } = {},
): Outcome {
  const { requeueAfterMs = LATER_MS, mayApply = true } = options;
  return { kind: 'Wait', reason, blockers, requeueAfterMs, mayApply };
}

export function note(blocker: string, requeueAfterMs: number | null = LATER_MS): Outcome {
  return { kind: 'Note', blockers: [blocker], requeueAfterMs };
}

/** The first outcome that acts or waits; if none does, all remarks together. */
export function firstOf(outcomes: Iterable<Outcome>): Outcome {
  const blockers: string[] = [];
  let requeueAfterMs: number | null = null;
  for (const outcome of outcomes) {
    if (outcome.kind === 'Act' || outcome.kind === 'Wait') return outcome;
    if (outcome.kind === 'Pass') continue;
    blockers.push(...outcome.blockers);
    requeueAfterMs = sooner(requeueAfterMs, outcome.requeueAfterMs);
  }
  return blockers.length === 0 ? pass : { kind: 'Note', blockers, requeueAfterMs };
}

export function sooner(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}
