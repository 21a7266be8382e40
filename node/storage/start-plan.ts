/**
 * Every combination of record, state folders and log that a crash can leave, and what start does with it. A crash
 * leaves these and no others, because the record is replaced atomically and in this order: new state flushed, record
 * with `isLogRestarted` false, log restarted, record with `isLogRestarted` true, old state removed.
 *
 * | record             | its state  | other states | log                      | left by a crash                  | start            |
 * |--------------------|------------|--------------|--------------------------|----------------------------------|------------------|
 * | absent             | -          | none         | absent                   | before the first start had ended | DrawIncarnation  |
 * | absent             | -          | some         | any, or present          | never                            | DataDamaged      |
 * | no current state   | -          | any          | any                      | parked, joining, or in a grant   | Go on            |
 * | current            | absent     | any          | any                      | never                            | DataDamaged      |
 * | current, log due   | present    | any          | base up to its position  | between the two records          | RestartLog       |
 * | current, log due   | present    | any          | base above its position  | never                            | DataDamaged      |
 * | current, log done  | present    | any          | base below its position  | never                            | DataDamaged      |
 * | current, log done  | present    | any          | base at or above it      | any other time                   | Go on            |
 *
 * A log that is due is restarted even if its base is right: it may hold entries after the position that the new state
 * has replaced. Nothing is appended between the two records, so doing it twice loses nothing.
 * States that are not current are what an unfinished grant or snapshot, or an installed one, has left: removed.
 * Then the applied state must fit the log (`checkApplied`).
 */
import type { FolderRecord } from './folder-record.ts';
import type { LogPosition, RestoredLog } from './types.ts';

export type Found = {
  readonly record: FolderRecord | null;
  readonly stateFolders: readonly string[];
  readonly hasLog: boolean;
  /** Where the log begins; zeros when there is none. */
  readonly base: LogPosition;
};

export type StartPlan =
  | { readonly kind: 'DrawIncarnation' }
  | { readonly kind: 'GoOn'; readonly remove: readonly string[] }
  | { readonly kind: 'RestartLog'; readonly remove: readonly string[] }
  | { readonly kind: 'Refuse'; readonly what: string };

export function planStart({ record, stateFolders, hasLog, base }: Found): StartPlan {
  if (record === null) {
    if (!hasLog && stateFolders.length === 0) return { kind: 'DrawIncarnation' };
    return { kind: 'Refuse', what: 'it is missing, though the folder holds a log or a state' };
  }
  const { current } = record;
  if (current === null) return { kind: 'GoOn', remove: stateFolders };
  if (!stateFolders.includes(current.folder)) return { kind: 'Refuse', what: `its state ${current.folder} is missing` };
  const remove = stateFolders.filter((name) => name !== current.folder);
  const began = current.position.index;
  if (!current.isLogRestarted && base.index <= began) return { kind: 'RestartLog', remove };
  if (current.isLogRestarted && base.index >= began) return { kind: 'GoOn', remove };
  return {
    kind: 'Refuse',
    what: `the log goes on after ${base.index}, its state began at ${began}: they do not belong together, or segments are missing`,
  };
}

/** Null, or why this applied state cannot belong to this log. Never repaired: either could be the wrong one. */
export function checkApplied(
  applied: LogPosition,
  { base, entries }: Pick<RestoredLog, 'base' | 'entries'>,
): string | null {
  const lastIndex = base.index + entries.length;
  if (applied.index < base.index) {
    return `the state has applied ${applied.index}, but the log begins after ${base.index}: entries between are lost`;
  }
  if (applied.index > lastIndex) {
    return `the state has applied ${applied.index}, but the log ends at ${lastIndex}: entries that were durable are lost`;
  }
  const term = applied.index === base.index ? base.term : entries[applied.index - base.index - 1]!.term;
  if (applied.term === term) return null;
  return `the state has applied entry ${applied.index} of term ${applied.term}, the log has it with term ${term}`;
}
