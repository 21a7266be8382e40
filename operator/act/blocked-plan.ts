/** The plan that a pass shows when it could not carry out what it had decided. Pure. */
import type { Plan } from '../decide/types.ts';

/** @param problem a sentence, without what differs each time */
export function blockedPlan(plan: Plan, problem: string): Plan {
  const blockers = [...plan.blockers, problem];
  // The members need nothing, but something could not be written. A plan that says Steady would never be overdue.
  if (plan.action === 'Steady') {
    return { action: 'Wait', subject: '', reason: 'what the spec asks for could not be written', blockers };
  }
  return { ...plan, blockers };
}
