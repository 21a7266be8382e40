/** A broken invariant ends the process: going on could acknowledge what is lost. Never clamped, never caught here. */

export class InvariantBroken extends Error {
  constructor(message: string) {
    super(`raft invariant broken: ${message}`);
    this.name = 'InvariantBroken';
  }
}

/** @param describe called only when broken, so that a check on a hot path costs no string */
export function assert(condition: boolean, describe: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantBroken(typeof describe === 'string' ? describe : describe());
}
