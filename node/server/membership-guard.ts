/**
 * Whether a change of membership is safe to propose now, as the leader sees its peers. The store checks once more, at
 * apply, what can be known from the membership alone.
 */

import type { ApiErrorCode } from '../../client/types.ts';
import type { RaftStatus } from '../raft/types.ts';
import type { Membership, MembershipChange } from '../store/types.ts';

export type Objection = { readonly code: ApiErrorCode; readonly message: string };

/** A learner this close to the leader's last entry will not stall the cluster as a voter. */
const MAX_PROMOTION_LAG_ENTRIES = 1000;

export function objectionTo(change: MembershipChange, membership: Membership, status: RaftStatus): Objection | null {
  switch (change.kind) {
    case 'AddLearner':
    case 'AddUnclaimed':
    case 'UpdateAddress':
      return null;
    case 'Promote':
      return (
        stranger([change.id], membership) ??
        learnerBehind(change.id, membership, status) ??
        withoutQuorum([...membership.voters, change.id], status)
      );
    case 'Remove':
      return withoutQuorum(
        membership.voters.filter((id) => id !== change.id),
        status,
      );
    case 'ReplaceVoters': {
      const unknown = stranger(change.voters, membership);
      if (unknown !== null) return unknown;
      for (const id of change.voters) {
        const behind = learnerBehind(id, membership, status);
        if (behind !== null) return behind;
      }
      return withoutQuorum(change.voters, status);
    }
  }
}

/** True when the cluster would have no quorum without this member. Joint configurations need both halves. */
export function isQuorumCritical(membership: Membership, id: number, isAlive: (id: number) => boolean): boolean {
  const halves = membership.leaving === null ? [membership.voters] : [membership.voters, membership.leaving];
  return halves.some((voters) => {
    if (!voters.includes(id)) return false;
    const aliveWithout = voters.filter((voter) => voter !== id && isAlive(voter)).length;
    return aliveWithout < quorumOf(voters.length);
  });
}

export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** An id that is no member's: it would count as a voter that cannot be reached. */
function stranger(ids: readonly number[], { members }: Membership): Objection | null {
  const id = ids.find((wanted) => members.every((member) => member.id !== wanted));
  return id === undefined ? null : { code: 'member_not_found', message: `there is no member ${id}` };
}

function learnerBehind(id: number, membership: Membership, status: RaftStatus): Objection | null {
  if (membership.voters.includes(id)) return null;
  const progress = status.peers.find((peer) => peer.id === id);
  if (progress === undefined) return null; // no peer of this leader: the store checks again
  const lag = status.lastIndex - progress.match;
  if (progress.state === 'Replicate' && progress.isRecentlyActive && lag <= MAX_PROMOTION_LAG_ENTRIES) return null;
  const why = progress.isRecentlyActive ? `it is ${lag} entries behind` : 'the leader has not heard of it lately';
  return { code: 'learner_not_in_sync', message: `member ${id} cannot become a voter yet: ${why}` };
}

/** etcd's strict reconfiguration check: a change must not leave voters that cannot agree on the next one. */
function withoutQuorum(voters: readonly number[], status: RaftStatus): Objection | null {
  if (voters.length === 0) return null; // the store refuses to remove the last voter
  const active = new Set(status.peers.filter((peer) => peer.isRecentlyActive).map((peer) => peer.id));
  active.add(status.id);
  const present = voters.filter((id) => active.has(id)).length;
  if (present >= quorumOf(voters.length)) return null;
  return {
    code: 'quorum_at_risk',
    message: `of the ${voters.length} voters that this would leave, only ${present} can be reached: bring members back or remove dead ones first`,
  };
}
