/** What a member starts from: the log's records and the applied state, of which RocksDB may have kept less. Pure. */
import { NO_MEMBER, type RestoredState } from '../raft/types.ts';
import type { RestoredLog } from '../storage/types.ts';
import { configurationOf } from '../store/membership.ts';
import type { Membership } from '../store/types.ts';

export type Restored = {
  readonly raft: RestoredState;
  /** The newest that this member has ever acknowledged; null before its first snapshot. */
  readonly membership: Membership | null;
};

/** @param state the applied state's own position and membership; null before the first snapshot */
export function restore(
  log: RestoredLog,
  state: { readonly appliedIndex: number; readonly membership: Membership } | null,
): Restored {
  const { hardState, base, entries, configuration } = log;
  const membership = newerOf(configuration?.membership ?? null, state?.membership ?? null);
  const applied = state?.appliedIndex ?? 0;
  const mustReapplyThrough = Math.max(hardState.commit, configuration?.commit ?? 0, applied);
  return {
    membership,
    raft: {
      hardState: {
        // A founder, or one that has just installed a snapshot, may have no hard state of the base's term yet.
        term: Math.max(hardState.term, base.term),
        vote: hardState.term >= base.term ? hardState.vote : NO_MEMBER,
        commit: mustReapplyThrough,
      },
      base,
      entries,
      configuration: membership === null ? { voters: [], leaving: null, learners: [] } : configurationOf(membership),
      configurationIndex: membership?.configIndex ?? 0,
      applied,
      mustReapplyThrough,
    },
  };
}

/** Membership never goes back in time (see `restore`). */
export function newerOf(a: Membership | null, b: Membership | null): Membership | null {
  if (a === null) return b;
  if (b === null) return a;
  return a.configIndex > b.configIndex ? a : b;
}
