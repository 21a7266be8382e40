/**
 * What a leader sends to bring its followers up to date. Done once a turn, when the driver takes the output: all that
 * was proposed in the turn travels in one message a peer, and a commit index that moved meanwhile rides along.
 */
import { isNoticeDue } from './commit-notice.ts';
import type { Core, LeaderState } from './core.ts';
import { totalSizeBytes } from './entry-size.ts';
import type { Progress } from './progress.ts';
import type { Entry, MemberId } from './types.ts';

/** @param mayHoldCommit the news of a commit that nobody is known to wait for need not be a message of its own yet */
export function replicate(core: Core, leader: LeaderState, mayHoldCommit: boolean): void {
  leader.isCommitHeld = false;
  for (const peer of leader.peers.values()) {
    if (peer.state === 'Probe') probe(core, peer);
    else if (peer.state === 'Replicate') pipeline(core, leader, peer, mayHoldCommit);
  }
}

/** Entries through `index` are asked for there: the news of their commit goes out at once. */
export function awaitCommit(core: Core, member: MemberId, index: number): void {
  const peer = core.state.role === 'Leader' ? core.state.peers.get(member) : undefined;
  if (peer !== undefined) peer.awaitedCommit = Math.max(peer.awaitedCommit, index);
}

export function sendHeartbeat(core: Core, leader: LeaderState, to: MemberId): void {
  const peer = leader.peers.get(to);
  if (peer === undefined) return;
  // Never beyond what is known to agree there: the rest of its log may conflict with ours.
  const commit = Math.min(peer.match, core.log.committed);
  if (isNoticeDue(core, peer)) peer.notice = { counter: ++core.readCounter, commit };
  core.outbox.messages.push({
    kind: 'Heartbeat',
    from: core.id,
    to,
    term: core.term,
    commit,
    readCounter: core.readCounter,
  });
  peer.sentCommit = Math.max(peer.sentCommit, commit);
}

/** Sent at once, not with the next periodic heartbeat: a configuration waits for it. */
export function sendCommitNotices(core: Core, leader: LeaderState): void {
  for (const peer of leader.peers.values()) if (isNoticeDue(core, peer)) sendHeartbeat(core, leader, peer.id);
}

export function broadcastHeartbeat(core: Core, leader: LeaderState): void {
  for (const peer of leader.peers.values()) {
    sendHeartbeat(core, leader, peer.id);
    peer.isHeartbeatOut = true;
  }
}

function probe(core: Core, peer: Progress): void {
  if (peer.isPaused || needsSnapshot(core, peer)) return;
  send(core, peer, core.log.slice(peer.next, core.options.maxEntriesBytesPerMessage));
  peer.isPaused = true;
}

function pipeline(core: Core, leader: LeaderState, peer: Progress, mayHoldCommit: boolean): void {
  if (needsSnapshot(core, peer)) return;
  const { log } = core;
  let hasSent = false;
  while (peer.next <= log.lastIndex && !peer.inflights.isFull) {
    const entries = log.slice(peer.next, core.options.maxEntriesBytesPerMessage);
    send(core, peer, entries);
    peer.next += entries.length;
    peer.inflights.add(peer.next - 1, totalSizeBytes(entries));
    hasSent = true;
  }
  if (hasSent) return;
  const isCommitDue = peer.isCommitDue(log.committed);
  if (peer.isNudgeDue || (isCommitDue && (!mayHoldCommit || peer.isCommitAwaited))) send(core, peer, NO_ENTRIES);
  else if (isCommitDue) leader.isCommitHeld = true;
}

const NO_ENTRIES: readonly Entry[] = [];

function send(core: Core, peer: Progress, entries: readonly Entry[]): void {
  const { log } = core;
  const previousIndex = peer.next - 1;
  core.outbox.messages.push({
    kind: 'AppendRequest',
    from: core.id,
    to: peer.id,
    term: core.term,
    previousIndex,
    previousTerm: log.termAt(previousIndex) as number,
    entries,
    commit: log.committed,
  });
  peer.sentCommit = log.committed;
  peer.isNudgeDue = false;
}

/** The log no longer reaches back to what the peer needs. Asked for once, and only if somebody is there to get it. */
function needsSnapshot(core: Core, peer: Progress): boolean {
  if (peer.next > core.log.base.index) return false;
  if (peer.isRecentlyActive) {
    peer.becomeSnapshot();
    core.outbox.snapshotsNeeded.push(peer.id);
  }
  return true;
}
