/** What the page says of a member, worked out of what is known of it. No drawing here. */

/** @typedef {import('../../../client/types.ts').ApiMemberView} MemberView */
/** @typedef {import('../../../client/types.ts').ApiClusterView} ClusterView */

/** One of the legend's: leader, follower, candidate, learner, parked, unreachable, joining. */
export function roleOf(/** @type {MemberView} */ member) {
  const { status } = member;
  if (status === undefined) return member.error === undefined ? 'joining' : 'unreachable';
  if (status.state === 'Parked') return 'parked';
  switch (status.role) {
    case 'Leader':
      return 'leader';
    case 'Candidate':
    case 'PreCandidate':
      return 'candidate';
    case 'Learner':
      return 'learner';
    case 'Follower':
      return 'follower';
    default:
      return 'joining';
  }
}

/** Of several that think so (an old leader may not know yet), the one of the newest term. */
export function leaderOf(/** @type {ClusterView} */ view) {
  const leaders = view.members.filter((member) => roleOf(member) === 'leader');
  return leaders.sort((a, b) => (b.status?.term ?? 0) - (a.status?.term ?? 0))[0] ?? null;
}

/** Names by id, for sentences. */
export function namesOf(/** @type {ClusterView} */ view) {
  return new Map(view.members.flatMap((member) => (member.id === undefined ? [] : [[member.id, member.name]])));
}

/** The window of log indexes that all strips show, so that they can be compared. */
export function stripWindow(/** @type {ClusterView} */ view, /** @type {number} */ cells) {
  const last = Math.max(0, ...view.members.map(({ status }) => status?.last_index ?? 0));
  return { first: Math.max(1, last - cells + 1), last };
}

/** What a member has at an index of the log. */
export function entryAt(
  /** @type {import('../../../client/types.ts').ApiStatus} */ status,
  /** @type {number} */ index,
) {
  if (index > (status.last_index ?? 0)) return 'missing';
  if (index < (status.first_index ?? 1)) return 'cut';
  if (index <= (status.applied ?? 0)) return 'applied';
  return index <= (status.commit ?? 0) ? 'committed' : 'appended';
}

/**
 * What has happened between two views, as sentences for the list of events.
 * @returns {{ kind: string, text: string }[]}
 */
export function changesBetween(/** @type {ClusterView | null} */ before, /** @type {ClusterView} */ after) {
  if (before === null) return [];
  const changes = [];
  const keyOf = (/** @type {MemberView} */ member) => member.id ?? member.name;
  const earlier = new Map(before.members.map((member) => [keyOf(member), member]));
  for (const member of after.members) {
    const old = earlier.get(keyOf(member));
    earlier.delete(keyOf(member));
    if (old === undefined) {
      changes.push({ kind: 'membership', text: `${member.name} is a member now` });
      continue;
    }
    const [was, is] = [roleOf(old), roleOf(member)];
    if (was === is) continue;
    const term = member.status?.term;
    if (is === 'unreachable') changes.push({ kind: 'lost', text: `${member.name} is unreachable: ${member.error}` });
    else if (was === 'unreachable') changes.push({ kind: 'found', text: `${member.name} is back as ${is}` });
    else if (is === 'parked')
      changes.push({ kind: 'lost', text: `${member.name} is parked: ${member.status?.reason}` });
    else if (is === 'candidate')
      changes.push({ kind: 'election', text: `${member.name} stands for election in term ${term}` });
    else if (was === 'learner') changes.push({ kind: 'membership', text: `${member.name} has become a voter` });
    else if (is === 'follower' && was === 'leader')
      changes.push({ kind: 'election', text: `${member.name} no longer leads` });
  }
  for (const gone of earlier.values()) changes.push({ kind: 'membership', text: `${gone.name} is no longer a member` });
  const [oldLeader, newLeader] = [leaderOf(before), leaderOf(after)];
  const isSame = oldLeader?.id === newLeader?.id && oldLeader?.status?.term === newLeader?.status?.term;
  if (newLeader !== null && !isSame) {
    changes.push({ kind: 'leader', text: `${newLeader.name} leads in term ${newLeader.status?.term}` });
  } else if (newLeader === null && oldLeader !== null) {
    changes.push({ kind: 'lost', text: 'no leader is known' });
  }
  return changes;
}

/** What the answering member says of itself between two views; null for what the views show better. */
export function describeEvent(
  /** @type {import('../../../client/types.ts').ApiMemberEvent} */ event,
  /** @type {string} */ self,
) {
  switch (event.kind) {
    case 'ElectionStarted':
      return { kind: 'election', text: `${self} starts an election for term ${event.term}: ${event.reason}` };
    case 'MembershipChanged':
      return {
        kind: 'membership',
        text: `configuration ${event.config_index}: members ${event.members.join(', ')}, voters ${event.voters.join(', ')}`,
      };
    case 'StateChanged':
      return {
        kind: 'membership',
        text: `${self} is ${event.state}${event.reason === undefined ? '' : ` (${event.reason})`}`,
      };
    case 'RoleChanged':
      return null;
  }
}
