/** Who should lead next. */
import { type MemberId, NO_MEMBER, type RaftStatus } from '../raft/types.ts';

/** The live voter, other than this leader, whose log is closest to it; `NO_MEMBER` when there is none. */
export function mostCaughtUpVoter(status: RaftStatus, isEligible: (id: MemberId) => boolean = () => true): MemberId {
  let best = NO_MEMBER;
  let match = -1;
  for (const peer of status.peers) {
    if (peer.id === status.id || !peer.isRecentlyActive || peer.match <= match) continue;
    if (!status.configuration.voters.includes(peer.id) || !isEligible(peer.id)) continue;
    best = peer.id;
    match = peer.match;
  }
  return best;
}
