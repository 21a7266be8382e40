/** While `spec.paused` is true, the operator only looks. */
import { pass, type Rule, wait } from './rule.ts';

export const paused: Rule = ({ spec }) =>
  spec.paused ? wait('spec.paused is true', [], { requeueAfterMs: null, mayApply: false }) : pass;
