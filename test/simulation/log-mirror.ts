/**
 * What one member's log on disk must hold, as its own process was told: an `append` that has resolved is a promise.
 * Kept outside of the process, so that it can be held against what the next process finds.
 */
import { createHash } from 'node:crypto';
import type { Entry, HardState } from '../../node/raft/types.ts';
import type { DurableConfiguration, LogBatch, LogPosition, RestoredLog } from '../../node/storage/types.ts';
import type { Membership } from '../../node/store/types.ts';

/** An entry without its bytes; `entry` is kept for those that the oracle still has to read. */
export type MirroredEntry = {
  readonly index: number;
  readonly term: number;
  readonly digest: string;
  readonly entry: Entry;
};

/** One thing that the log may be: what a crash leaves must be the last promised state, or one step further. */
export type LogState = {
  readonly hardState: HardState;
  readonly configuration: DurableConfiguration | null;
  readonly base: LogPosition;
  readonly entries: readonly MirroredEntry[];
};

/** What a snapshot stands for. */
export type ReceivedState = { readonly base: LogPosition; readonly membership: Membership };

/** All that the survivor of a lost quorum has: what the new cluster begins with. */
export type Heritage = { readonly cutAt: number; readonly entries: readonly MirroredEntry[] };

export const EMPTY_LOG: LogState = {
  hardState: { term: 0, vote: 0, commit: 0 },
  configuration: null,
  base: { index: 0, term: 0 },
  entries: [],
};

export class LogMirror {
  /** Durable. */
  state: LogState = EMPTY_LOG;
  /** What the log will be when the write in flight is done; null when there is none. */
  next: LogState | null = null;
  /** A snapshot takes the place of log and rows, one after the other. */
  isInstalling = false;

  get lastIndex(): number {
    return this.state.base.index + this.state.entries.length;
  }

  termAt(index: number): number | undefined {
    return termAt(this.state, index);
  }

  entryAt(index: number): MirroredEntry | undefined {
    return this.state.entries[index - this.state.base.index - 1];
  }

  appending(batch: LogBatch): readonly MirroredEntry[] {
    const added = batch.entries.map(mirrored);
    this.next = {
      hardState: batch.hardState ?? this.state.hardState,
      configuration: batch.configuration ?? this.state.configuration,
      base: this.state.base,
      entries: added.length === 0 ? this.state.entries : [...this.#before(added[0]!.index), ...added],
    };
    return added;
  }

  cutting(base: LogPosition): void {
    // Old entries may stay in their segment, so that a cut promises nothing new: it only asks for less.
    const entries = this.state.entries.filter((entry) => entry.index > base.index);
    this.next = { ...this.state, base, entries };
  }

  installing({ base, membership }: ReceivedState, hardState: HardState): void {
    this.isInstalling = true;
    this.next = { hardState, configuration: { membership, commit: base.index }, base, entries: [] };
  }

  /**
   * The log and the rows are about to be taken over by a new cluster.
   *
   * @param tail entries that the member has not applied; those before them are the log's
   */
  takingOver(tail: readonly Entry[]): Heritage {
    this.isInstalling = true;
    const added = tail.map(mirrored);
    const kept = added.length === 0 ? this.state.entries : this.#before(added[0]!.index);
    return { cutAt: this.state.base.index, entries: [...kept, ...added] };
  }

  done(): void {
    this.state = this.next ?? this.state;
    this.next = null;
    this.isInstalling = false;
  }

  /** What is wrong with the log that a new process has found, or null. From now on that is the truth. */
  reopened(found: RestoredLog): string | null {
    const actual: LogState = { ...found, entries: found.entries.map(mirrored) };
    // A founding record makes a log that begins at the founding, without a write of the log.
    const objection = this.state === EMPTY_LOG ? null : missing(this.state, actual);
    const isNext = this.next !== null && missing(this.next, actual) === null;
    this.state = actual;
    this.next = null;
    this.isInstalling = false;
    return isNext ? null : objection;
  }

  #before(index: number): readonly MirroredEntry[] {
    return this.state.entries.slice(0, Math.max(0, index - this.state.base.index - 1));
  }
}

/** Why `actual` does not hold all of `promised`. */
function missing(promised: LogState, actual: LogState): string | null {
  const { term, vote, commit } = promised.hardState;
  const found = actual.hardState;
  if (found.term < term) return `term ${term} was durable, ${found.term} is found`;
  if (found.term === term && vote !== 0 && found.vote !== vote)
    return `the vote for ${vote} in term ${term} was durable, ${found.vote} is found`;
  if (found.commit < commit) return `commit ${commit} was durable, ${found.commit} is found`;
  const configIndex = promised.configuration?.membership.configIndex ?? 0;
  if ((actual.configuration?.membership.configIndex ?? 0) < configIndex)
    return `the configuration of index ${configIndex} was durable and is gone`;
  if (actual.base.index > promised.base.index + promised.entries.length)
    return `the log was cut at ${actual.base.index}, beyond what it held`;
  for (const entry of promised.entries) {
    if (entry.index <= actual.base.index) continue;
    const same = actual.entries[entry.index - actual.base.index - 1];
    if (same === undefined) return `entry ${entry.index} of term ${entry.term} was durable and is gone`;
    if (same.digest !== entry.digest)
      return `entry ${entry.index} was durable in term ${entry.term}, another one of term ${same.term} is found`;
  }
  const last = promised.base.index + promised.entries.length;
  const actualLast = actual.base.index + actual.entries.length;
  return actualLast > last ? `the log ends at ${actualLast}, only ${last} was ever written` : null;
}

export function termAt(state: LogState, index: number): number | undefined {
  if (index === state.base.index) return state.base.term;
  return state.entries[index - state.base.index - 1]?.term;
}

function mirrored(entry: Entry): MirroredEntry {
  // A copy: the driver stamps times in place before it appends, never after.
  const data = Buffer.from(entry.data);
  const digest = createHash('sha1').update(`${entry.term}:${entry.kind}:`).update(data).digest('base64');
  return { index: entry.index, term: entry.term, digest, entry: { ...entry, data } };
}
