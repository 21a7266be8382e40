/** What a follower (and a learner) does with its leader's messages (paper figure 2, AppendEntries; section 7). */
import { commitTold } from './commit-notice.ts';
import { isMember } from './configuration.ts';
import type { Core, FollowerState } from './core.ts';
import { loseLeader } from './transitions.ts';
import { type AppendRequest, type Heartbeat, type InstallSnapshot, type MemberId, NO_MEMBER } from './types.ts';

export function handleAppendRequest(core: Core, request: AppendRequest): void {
  const { log } = core;
  const { from, previousIndex, previousTerm, entries } = request;
  commitTold(core, request.commit);
  // Committed entries never change: an old message needs no comparing, only the news of where we are.
  if (previousIndex < log.committed) {
    acknowledge(core, from, log.committed);
    return;
  }
  if (!log.matches(previousIndex, previousTerm)) {
    refuse(core, request);
    return;
  }
  log.overwrite(entries);
  const lastNew = previousIndex + entries.length;
  // An empty append that only moves the commit index: an answer at once would wake the leader for nothing. It
  // waits for the next one or a tick. It is not left out, because an earlier acknowledgement may have been lost.
  const isQuiet = entries.length === 0 && request.commit > log.committed;
  // Not beyond the new entries: what follows them here may conflict with the leader's log (figure 2, AppendEntries 5).
  log.commitTo(Math.min(request.commit, lastNew));
  if (isQuiet && core.state.role === 'Follower') keepQuiet(core.state, lastNew);
  else acknowledge(core, from, lastNew);
}

export function acknowledgeQuietly(core: Core, state: FollowerState): void {
  if (core.isBacklogged) return;
  if (state.quietAcknowledgement > 0 && state.leader !== NO_MEMBER)
    acknowledge(core, state.leader, state.quietAcknowledgement);
  state.quietAcknowledgement = 0;
}

export function handleHeartbeat(core: Core, heartbeat: Heartbeat): void {
  const { log, outbox } = core;
  log.commitTo(heartbeat.commit);
  commitTold(core, heartbeat.commit);
  // The leader takes an answer as proof that we durably know a committed configuration: it waits until we do
  // (commit-notice.ts).
  const isKnown = log.lastCommittedConfiguration <= core.durableHardState.commit;
  (isKnown ? outbox.messages : outbox.replies).push({
    kind: 'HeartbeatResponse',
    from: core.id,
    to: heartbeat.from,
    term: core.term,
    readCounter: heartbeat.readCounter,
  });
}

/** The content is staged and verified; here it is decided whether it is still wanted. */
export function handleInstallSnapshot(core: Core, { from, snapshot }: InstallSnapshot): void {
  const { log } = core;
  if (snapshot.index <= log.committed || !isMember(snapshot.configuration, core.id)) {
    // A snapshot without this member was taken before it was added: installed, it would look like a removal.
    acknowledge(core, from, log.committed);
    return;
  }
  if (log.matches(snapshot.index, snapshot.term)) {
    log.commitTo(snapshot.index);
    acknowledge(core, from, snapshot.index);
    return;
  }
  log.restore(snapshot);
  commitTold(core, snapshot.index);
  core.configuration = snapshot.configuration;
  core.configuredThrough = snapshot.index;
  acknowledge(core, from, snapshot.index);
}

/**
 * A leader of the past must learn the term, or this member could never come back: nobody who hears that leader would
 * vote for it, and it would go on ignoring that leader. Carries nothing that a leader of our own term could act on.
 */
export function answerOldLeader(core: Core, leader: MemberId): void {
  core.outbox.messages.push({ kind: 'HeartbeatResponse', from: core.id, to: leader, term: core.term, readCounter: 0 });
}

/**
 * The leader's stream ended without a goodbye. Only the one we follow counts: a late report about an earlier leader
 * says nothing of the present one.
 */
export function forgetLeader(core: Core, leader: MemberId): void {
  if (core.state.role === 'Follower' && leader !== NO_MEMBER && core.state.leader === leader) loseLeader(core);
}

function keepQuiet(state: FollowerState, index: number): void {
  state.quietAcknowledgement = Math.max(state.quietAcknowledgement, index);
}

/** Leaves once everything accepted so far is durable, and not while too much of it waits to be applied. */
function acknowledge(core: Core, to: MemberId, index: number): void {
  const { state } = core;
  if (state.role === 'Follower') {
    if (core.isBacklogged) {
      keepQuiet(state, index);
      return;
    }
    if (state.quietAcknowledgement <= index) state.quietAcknowledgement = 0;
  }
  core.outbox.replies.push({
    kind: 'AppendResponse',
    from: core.id,
    to,
    term: core.term,
    index,
    rejected: false,
    hintIndex: 0,
    hintTerm: 0,
  });
}

/** Skips every index of ours that cannot agree because its term is above the leader's there. */
function refuse(core: Core, { from, previousIndex, previousTerm }: AppendRequest): void {
  const { log } = core;
  const hint = log.conflictHint(Math.min(previousIndex, log.lastIndex), previousTerm);
  core.outbox.replies.push({
    kind: 'AppendResponse',
    from: core.id,
    to: from,
    term: core.term,
    index: previousIndex,
    rejected: true,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
}
