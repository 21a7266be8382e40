/** A joint configuration leaves itself, by the members; meanwhile no other change is possible. */
import { pass, type Rule, SOON_MS, wait } from './rule.ts';

export const joint: Rule = ({ configuration }) =>
  configuration?.leaving === undefined
    ? pass
    : wait('a change of voters is under way', [], { requeueAfterMs: SOON_MS });
