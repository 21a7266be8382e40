/** What the log says after batches, one after the other: the same for what is on disk and for what was just written. */
import type { Entry, HardState } from '../../raft/types.ts';
import type { DurableConfiguration, LogPosition, RestoredLog } from '../types.ts';
import type { Batch } from './batch-codec.ts';

/** Everything but the entries, which the core keeps. */
export type LogState = {
  readonly base: LogPosition;
  readonly hardState: HardState;
  readonly configuration: DurableConfiguration | null;
  readonly lastIndex: number;
};

export const EMPTY_LOG: LogState = {
  base: { index: 0, term: 0 },
  hardState: { term: 0, vote: 0, commit: 0 },
  configuration: null,
  lastIndex: 0,
};

/**
 * @throws Error when the batch does not fit: entries below the base or after a hole, a base that goes back, a commit
 *   index beyond the last entry
 */
export function nextState(state: LogState, batch: Batch): LogState {
  const base = batch.kept?.base ?? state.base;
  let lastIndex = batch.kept?.lastIndex ?? state.lastIndex;
  if (base.index < state.base.index)
    throw new Error(`the base cannot go back from ${state.base.index} to ${base.index}`);
  if (lastIndex < base.index || lastIndex > Math.max(state.lastIndex, base.index)) {
    throw new Error(
      `entries through ${lastIndex} cannot be kept after ${base.index} of those through ${state.lastIndex}`,
    );
  }
  const first = batch.entries[0]?.index;
  if (first !== undefined) {
    if (first <= base.index) throw new Error(`entry ${first} is below the base ${base.index}`);
    if (first > lastIndex + 1) throw new Error(`entry ${first} would leave a hole after ${lastIndex}`);
    lastIndex = first + batch.entries.length - 1;
  }
  const hardState = batch.hardState ?? state.hardState;
  const configuration = batch.configuration ?? state.configuration;
  const committed = Math.max(hardState.commit, configuration?.commit ?? 0);
  if (committed > lastIndex) throw new Error(`the last entry is ${lastIndex}, but ${committed} was committed`);
  return { base, hardState, configuration, lastIndex };
}

/** Gathers the entries that count from the batches of every segment that is left, oldest first. */
export class Replay {
  #state: LogState | null = null;
  /** Consecutive. Those between the base and the first one lay in segments that a cut deleted; its record follows. */
  #entries: Entry[] = [];

  get state(): LogState {
    return this.#state ?? EMPTY_LOG;
  }

  /** @throws Error when the batch does not follow from those before it */
  add(batch: Batch): void {
    const { kept, entries } = batch;
    if (this.#state === null) {
      if (kept === null) throw new Error('the oldest segment does not begin with what was before it');
      this.#state = { ...EMPTY_LOG, base: kept.base, lastIndex: kept.lastIndex };
    }
    this.#state = nextState(this.#state, batch);
    if (kept !== null) this.#keep(kept.base.index, kept.lastIndex);
    const first = entries[0]?.index;
    if (first === undefined) return;
    this.#keep(0, first - 1);
    for (const entry of entries) this.#entries.push(entry);
  }

  /** @throws Error when entries after the base are missing */
  finish(): RestoredLog {
    const { base, hardState, configuration, lastIndex } = this.state;
    const found = this.#entries[0]?.index ?? lastIndex + 1;
    if (found !== base.index + 1) throw new Error(`entries ${base.index + 1} to ${found - 1} are missing`);
    return { base, hardState, configuration, entries: this.#entries };
  }

  /** Drops entries through `base` and above `last`. */
  #keep(base: number, last: number): void {
    const first = this.#entries[0]?.index;
    if (first === undefined) return;
    if (last < first + this.#entries.length - 1) this.#entries.length = Math.max(0, last - first + 1);
    if (first <= base) this.#entries.splice(0, base - first + 1);
  }
}
