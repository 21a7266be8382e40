/** Quorums of one configuration, or of two while it changes (thesis section 4.3). Pure. */
import type { Configuration, MemberId } from './types.ts';

/** What a quorum is taken of; learners never are part of it. */
export type Quorum = Pick<Configuration, 'voters' | 'leaving'>;

/** Highest log index that each voter has made durable; 0 when it has acknowledged nothing. */
export type Acknowledged = (voter: MemberId) => number;

export type VoteResult = 'Won' | 'Lost' | 'Pending';

/**
 * Highest log index that a quorum has acknowledged; in a joint configuration, that both halves have.
 * An empty half agrees with anything.
 */
export function committedIndex(quorum: Quorum, acknowledged: Acknowledged): number {
  const current = majorityIndex(quorum.voters, acknowledged);
  return quorum.leaving === null ? current : Math.min(current, majorityIndex(quorum.leaving, acknowledged));
}

/** Won when a majority of each half has granted, lost as soon as one half can no longer grant. */
export function voteResult(quorum: Quorum, votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  const current = majorityVote(quorum.voters, votes);
  if (quorum.leaving === null) return current;
  const leaving = majorityVote(quorum.leaving, votes);
  if (current === 'Lost' || leaving === 'Lost') return 'Lost';
  return current === 'Won' && leaving === 'Won' ? 'Won' : 'Pending';
}

/**
 * Whether a majority of each half says yes, by plain counting: for yes-or-no questions, and the second opinion on
 * every advance of the commit index.
 */
export function hasQuorum(quorum: Quorum, agrees: (voter: MemberId) => boolean): boolean {
  return hasMajority(quorum.voters, agrees) && (quorum.leaving === null || hasMajority(quorum.leaving, agrees));
}

function hasMajority(voters: readonly MemberId[], agrees: (voter: MemberId) => boolean): boolean {
  if (voters.length === 0) return true;
  let count = 0;
  for (const voter of voters) if (agrees(voter)) count++;
  return count * 2 > voters.length;
}

/** The highest value that more than half of the voters reach. Counts instead of sorting: no allocation for each ack. */
function majorityIndex(voters: readonly MemberId[], acknowledged: Acknowledged): number {
  if (voters.length === 0) return Number.MAX_SAFE_INTEGER;
  let best = 0;
  for (const voter of voters) {
    const index = acknowledged(voter);
    if (index <= best) continue;
    let count = 0;
    for (const other of voters) if (acknowledged(other) >= index) count++;
    if (count * 2 > voters.length) best = index;
  }
  return best;
}

function majorityVote(voters: readonly MemberId[], votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  let granted = 0;
  let missing = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  if (voters.length === 0 || granted * 2 > voters.length) return 'Won';
  return (granted + missing) * 2 > voters.length ? 'Pending' : 'Lost';
}
