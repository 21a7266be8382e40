/** Whose keys differ, from the hashes that members have of the same revision. */
import type { MemberId } from '../raft/types.ts';

/** Stands for a difference of which no quorum says whose it is (as in etcd's alarm). */
export const NOBODY_KNOWS_WHOSE = 0;

/**
 * The members whose keys are wrong: none when all hashes are equal; those whose hash is not the one that a quorum of
 * voters has; `NOBODY_KNOWS_WHOSE` alone when no hash has a quorum. Learners may be named, too, but have no vote in it.
 */
export function differingMembers(
  hashes: ReadonlyMap<MemberId, string>,
  voters: readonly MemberId[],
): readonly MemberId[] {
  const votes = new Map<string, number>();
  for (const [id, hash] of hashes) votes.set(hash, (votes.get(hash) ?? 0) + (voters.includes(id) ? 1 : 0));
  if (votes.size <= 1) return [];
  for (const [agreed, count] of votes) {
    if (count * 2 > voters.length) return [...hashes].filter(([, hash]) => hash !== agreed).map(([id]) => id);
  }
  return [NOBODY_KNOWS_WHOSE];
}
