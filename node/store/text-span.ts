/** A stretch of the key space in latin1 texts, whose order is that of the keys' bytes: what maps of keys are keyed by. */
import { isOpenEnded } from './key-range.ts';
import type { Keys } from './types.ts';

export type TextSpan = {
  readonly from: string;
  /** The first text that is not in it any more; null: there is no end. */
  readonly to: string | null;
};

/** @param keys a range */
export function textSpan(keys: Keys): TextSpan {
  const to = isOpenEnded(keys) ? null : keys.rangeEnd!.toString('latin1');
  return { from: keys.key.toString('latin1'), to };
}

export function isInSpan({ from, to }: TextSpan, keyText: string): boolean {
  return from <= keyText && (to === null || keyText < to);
}
