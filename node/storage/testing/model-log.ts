/** What the log must hold after batches, cuts and restarts, in the plainest way; and random ones that it may be given. */
import type { Entry } from '../../raft/types.ts';
import type { LogBatch, LogPosition, RestoredLog } from '../types.ts';

export type LogStep =
  | { readonly kind: 'Append'; readonly batch: LogBatch }
  | { readonly kind: 'Cut'; readonly base: LogPosition }
  | { readonly kind: 'Restart'; readonly log: RestoredLog };

export const FRESH_LOG: RestoredLog = {
  base: { index: 0, term: 0 },
  hardState: { term: 0, vote: 0, commit: 0 },
  configuration: null,
  entries: [],
};

export function lastIndexOf({ base, entries }: RestoredLog): number {
  return base.index + entries.length;
}

export function afterStep(log: RestoredLog, step: LogStep): RestoredLog {
  if (step.kind === 'Restart') return step.log;
  if (step.kind === 'Cut') {
    const { base } = step;
    const hardState = { ...log.hardState, commit: Math.max(log.hardState.commit, base.index) };
    return { ...log, base, hardState, entries: log.entries.filter(({ index }) => index > base.index) };
  }
  const { hardState, configuration, entries } = step.batch;
  const first = entries[0]?.index ?? Number.POSITIVE_INFINITY;
  return {
    base: log.base,
    hardState: hardState ?? log.hardState,
    configuration: configuration ?? log.configuration,
    entries: [...log.entries.filter(({ index }) => index < first), ...entries],
  };
}

/** Something that a core could ask for in this state. */
export function randomStep(log: RestoredLog, random: () => number): LogStep {
  const below = (bound: number): number => Math.floor(random() * bound);
  const last = lastIndexOf(log);
  const kind = below(10);
  if (kind === 0 && log.entries.length > 0) {
    const { index, term } = log.entries[below(log.entries.length)]!;
    return { kind: 'Cut', base: { index, term } };
  }
  const term = log.hardState.term + below(2);
  if (kind === 1) {
    const base = { index: log.base.index + 1 + below(20), term };
    const configuration = configurationAt(base.index);
    return {
      kind: 'Restart',
      log: { base, hardState: { term, vote: 2, commit: base.index }, configuration, entries: [] },
    };
  }
  // Entries replace a tail that was not committed, at times.
  const committed = Math.max(log.hardState.commit, log.configuration?.commit ?? 0, log.base.index);
  const first = below(4) === 0 ? committed + 1 + below(last - committed + 1) : last + 1;
  const entries: Entry[] = [];
  for (let count = below(4); count > 0; count--) {
    entries.push({ index: first + entries.length, term, kind: 0, data: Buffer.alloc(below(120), 65 + below(26)) });
  }
  const end = entries.length === 0 ? last : first + entries.length - 1;
  const commit = committed + below(end - committed + 1);
  const hardState = entries.length === 0 || below(3) === 0 ? { term, vote: below(3), commit } : null;
  return {
    kind: 'Append',
    batch: { hardState, entries, configuration: below(8) === 0 ? configurationAt(commit) : null },
  };
}

function configurationAt(commit: number): RestoredLog['configuration'] {
  return { membership: { configIndex: commit, lastMemberId: 1, members: [], voters: [1], leaving: null }, commit };
}
