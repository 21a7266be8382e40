/** Why the store refuses a read or a watch, and what it throws at entries it must not apply. */
import type { Failed, StoreErrorCode } from './types.ts';

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** With `compacted`: the oldest revision that can still be read or watched from. */
  readonly compactedRevision: number | null;
  constructor(code: StoreErrorCode, message: string, compactedRevision: number | null = null) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
    this.compactedRevision = compactedRevision;
  }
}

/**
 * An entry of a version or kind that this build does not know. The member must stop: skipping it would make its
 * state differ from that of members that know it.
 */
export class UnknownEntry extends Error {
  constructor(what: string, value: number) {
    super(`a log entry has ${what} ${value}, which this version does not know: run the version that the cluster runs`);
    this.name = 'UnknownEntry';
  }
}

/** Bytes that no encoder of this format has written. */
export class DamagedRecord extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DamagedRecord';
  }
}

export function failed(code: StoreErrorCode, message: string): Failed {
  return { kind: 'Failed', code, message };
}

/**
 * Crashes on a broken invariant: going on would spread it to every row that is written next. What names values is given
 * as a function, so that the text is not made when all is well.
 */
export function invariant(condition: boolean, message: string | (() => string)): asserts condition {
  if (condition) return;
  throw new Error(`store invariant broken: ${typeof message === 'string' ? message : message()}`);
}
