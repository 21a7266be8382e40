/** A leader's duties: know its followers' progress, commit, and question its own authority (paper section 5.3, 5.4). */
import { noticeAnswered } from './commit-notice.ts';
import type { Core, LeaderState } from './core.ts';
import { assert } from './invariant.ts';
import type { Progress } from './progress.ts';
import { committedIndex, hasQuorum } from './quorum.ts';
import { confirmReads } from './reads.ts';
import { broadcastHeartbeat } from './replication.ts';
import { finishTransferIfCaughtUp, nominateSuccessor, tickTransfer } from './transfer.ts';
import { stepDown } from './transitions.ts';
import type { AppendResponse, HeartbeatResponse, MemberId } from './types.ts';

export function tickLeader(core: Core, leader: LeaderState): void {
  if (core.isDiskStalled) {
    nominateSuccessor(core, leader);
    stepDown(core, leader, 'DiskStalled');
    return;
  }
  // Alone it stays: there is nobody who would do better.
  if (core.isStateStalled && nominateSuccessor(core, leader)) {
    stepDown(core, leader, 'StateStalled');
    return;
  }
  core.electionElapsed++;
  if (core.electionElapsed >= core.options.electionTicks) {
    core.electionElapsed = 0;
    if (!checkQuorum(core, leader)) {
      stepDown(core, leader, 'NoQuorum');
      return;
    }
  }
  tickTransfer(core, leader);
  leader.heartbeatElapsed++;
  if (leader.heartbeatElapsed >= core.options.heartbeatTicks) {
    leader.heartbeatElapsed = 0;
    broadcastHeartbeat(core, leader);
  }
}

export function handleAppendResponse(core: Core, leader: LeaderState, response: AppendResponse): void {
  const peer = leader.peers.get(response.from);
  if (peer === undefined) return;
  peer.isRecentlyActive = true;
  if (response.rejected) handleRefusal(core, peer, response);
  else handleAcknowledgement(core, leader, peer, response.index);
}

export function handleHeartbeatResponse(core: Core, leader: LeaderState, response: HeartbeatResponse): void {
  const peer = leader.peers.get(response.from);
  if (peer === undefined) return;
  peer.isRecentlyActive = true;
  if (peer.isHeartbeatOut) {
    // The peer is reachable, so if it still owes us an answer, the request or the answer may be lost: send again.
    peer.isHeartbeatOut = false;
    peer.isPaused = false;
    peer.isNudgeDue = peer.match < core.log.lastIndex;
  }
  noticeAnswered(peer, response.readCounter);
  if (response.readCounter <= peer.readCounter) return;
  peer.readCounter = response.readCounter;
  confirmReads(core, leader);
}

/** After any acknowledgement, our own disk's included, and after any change of who counts. */
export function commitIfQuorum(core: Core, leader: LeaderState): void {
  const { log, configuration } = core;
  const acknowledged = (voter: MemberId): number =>
    voter === core.id ? log.durableIndex : (leader.peers.get(voter)?.match ?? 0);
  const index = committedIndex(configuration, acknowledged);
  // Entries of earlier terms commit only under one of our own (section 5.4.2, figure 8).
  if (index <= log.committed || log.termAt(index) !== core.term) return;
  // Never trust one way of counting with somebody's data (openraft#1802).
  assert(
    configuration.voters.length > 0 && hasQuorum(configuration, (voter) => acknowledged(voter) >= index),
    () => `commit ${index} is not backed by a quorum of ${JSON.stringify(configuration)}`,
  );
  // Only proposals of this term were added to `uncommittedBytes`: no entry of an earlier leader, nor our own first one.
  leader.uncommittedBytes -= log.sizeBytes(Math.max(log.committed, leader.firstIndex), index);
  log.commitTo(index);
}

function handleAcknowledgement(core: Core, leader: LeaderState, peer: Progress, index: number): void {
  assert(
    index <= core.log.lastIndex,
    () => `member ${peer.id} acknowledges ${index}, but our log ends at ${core.log.lastIndex}`,
  );
  const isNews = peer.acknowledge(index);
  if (!isNews && !(peer.state === 'Probe' && index === peer.match)) return;
  if (peer.state === 'Replicate') peer.inflights.freeThrough(index);
  else if (peer.state === 'Probe') peer.becomeReplicate();
  else if (peer.match >= core.log.base.index) peer.becomeReplicate(); // far enough now to go on from our log
  if (isNews) commitIfQuorum(core, leader);
  finishTransferIfCaughtUp(core, leader, peer);
}

/**
 * The follower names the highest position where the logs may agree. Ours cannot agree at any index whose term is above
 * the follower's there, so a whole term is skipped a probe.
 */
function handleRefusal(core: Core, peer: Progress, response: AppendResponse): void {
  const { hintIndex, hintTerm } = response;
  const candidate = hintTerm === 0 ? hintIndex : core.log.conflictHint(hintIndex, hintTerm).index;
  peer.refuse(response.index, candidate);
}

/** Section 6.2: a leader that cannot reach a majority for an election timeout steps aside. */
function checkQuorum(core: Core, leader: LeaderState): boolean {
  const isActive = hasQuorum(
    core.configuration,
    (voter) => voter === core.id || (leader.peers.get(voter)?.isRecentlyActive ?? false),
  );
  for (const peer of leader.peers.values()) peer.beginPeriod();
  return isActive;
}
