/** A write that the API server refuses, and how it is told wherever users read of it. */
import { capitalized, sentence } from './sentence.ts';

/**
 * An object beside members and volumes that the API server does not let the operator write as it shall be: by an admission
 * webhook, a quota, a role, or because its kind is gone. What does not depend on it goes on.
 */
export type RefusedWrite = {
  /** Kind and name of the object. */
  readonly kind: string;
  readonly name: string;
  readonly task: 'create' | 'change' | 'put back' | 'delete' | 'issue' | 'label';
  /** The words of the API server, without what differs each time. */
  readonly words: string;
  /** A sentence that says what the user may do. */
  readonly advice: string;
};

/** As a blocker of the plan. */
export function refusalText({ kind, name, task, words }: RefusedWrite): string {
  return `could not ${task} the ${kind} ${name}: ${words}`;
}

/** The same as a sentence, and then what there is to do about it. */
export function refusalWithAdvice(refused: RefusedWrite): string {
  return `${sentence(capitalized(refusalText(refused)))} ${refused.advice}`;
}

/** Whether the disruption budget is not as it shall be; one that should only go protects as before. */
export function isOfBudget({ kind, task }: RefusedWrite): boolean {
  return kind === 'PodDisruptionBudget' && task !== 'delete';
}
