/**
 * The Raft core of one member (Ongaro and Ousterhout 2014; Ongaro's thesis; semantics of etcd-io/raft with asynchronous
 * storage writes). No I/O, no clock, no randomness but what it is given: calls go in, `takeOutput` says what to do.
 */
import { isWithholding } from './commit-notice.ts';
import { Core, type FollowerState } from './core.ts';
import {
  askAgain,
  campaign,
  campaignForTransfer,
  campaignTimedOut,
  countOwnVote,
  handleVoteRequest,
  handleVoteResponse,
} from './election.ts';
import {
  acknowledgeQuietly,
  answerOldLeader,
  forgetLeader,
  handleAppendRequest,
  handleHeartbeat,
  handleInstallSnapshot,
} from './follower.ts';
import { assert } from './invariant.ts';
import { commitIfQuorum, handleAppendResponse, handleHeartbeatResponse, tickLeader } from './leader.ts';
import { applyConfiguration } from './membership.ts';
import { hasCommittedInTerm, leaveJointIfDue, propose, proposeConfiguration } from './proposals.ts';
import { addRead, forwardReads, handleReadIndexResponse, startReadRound } from './reads.ts';
import { awaitCommit, replicate, sendCommitNotices } from './replication.ts';
import { startTransfer } from './transfer.ts';
import { adoptTerm, followLeader, loseLeader } from './transitions.ts';
import type {
  AppendToken,
  AppendToLog,
  Configuration,
  ElectionReason,
  Entry,
  MemberId,
  Message,
  Output,
  Proposed,
  RaftCore,
  RaftOptions,
  RaftStatus,
  RestoredState,
  Role,
} from './types.ts';
import { NO_MEMBER } from './types.ts';

export class Raft implements RaftCore {
  readonly #core: Core;

  /** @throws InvariantBroken when the options or the restored state contradict themselves */
  constructor(options: RaftOptions, restored: RestoredState) {
    this.#core = new Core(options, restored);
  }

  get role(): Role {
    return this.#core.state.role;
  }

  get term(): number {
    return this.#core.term;
  }

  get leader(): MemberId {
    return this.#core.leader;
  }

  step(message: Message): void {
    const core = this.#core;
    assert(message.to === core.id, () => `${message.kind} for member ${message.to} reached member ${core.id}`);
    if (message.term < core.term) stepOldTerm(core, message);
    else {
      if (message.term > core.term && !stepNewTerm(core, message)) return;
      stepSameTerm(core, message);
    }
  }

  tick(isStateStalled = false): boolean {
    const core = this.#core;
    core.isStateStalled = isStateStalled;
    if (core.log.hasWritesInFlight) core.diskStalledTicks++;
    const { state } = core;
    if (state.role === 'Leader') tickLeader(core, state);
    else {
      core.electionElapsed++;
      if (state.role === 'Follower') tickFollower(core, state);
      else if (core.electionElapsed >= core.electionTimeout) campaignTimedOut(core);
      else if (core.electionElapsed % core.options.heartbeatTicks === 0) askAgain(core, state);
    }
    return !core.outbox.isEmpty;
  }

  propose(data: readonly Uint8Array[]): Proposed {
    return propose(this.#core, data);
  }

  proposeConfiguration(data: Uint8Array): Proposed {
    return proposeConfiguration(this.#core, data);
  }

  applyConfiguration(index: number, configuration: Configuration): void {
    applyConfiguration(this.#core, index, configuration);
  }

  readIndex(requestId: number): void {
    addRead(this.#core, requestId);
  }

  transferLeadership(to: MemberId): boolean {
    const { state } = this.#core;
    return state.role === 'Leader' && startTransfer(this.#core, state, to);
  }

  forgetLeader(leader: MemberId): void {
    forgetLeader(this.#core, leader);
  }

  campaign(reason: Exclude<ElectionReason, 'Transfer'>): void {
    campaign(this.#core, reason);
  }

  reportUnreachable(peer: MemberId): void {
    const { state } = this.#core;
    if (state.role !== 'Leader') return;
    const progress = state.peers.get(peer);
    if (progress?.state !== 'Replicate') return;
    // What was pipelined is probably lost; its next heartbeat answer tells when it is back.
    progress.becomeProbe();
    progress.isPaused = true;
  }

  reportSnapshot(peer: MemberId, outcome: 'Installed' | 'Failed'): void {
    const { state, log } = this.#core;
    if (state.role !== 'Leader') return;
    const progress = state.peers.get(peer);
    if (progress?.state !== 'Snapshot') return; // its acknowledgement was quicker
    progress.becomeProbeAfter(outcome === 'Installed' ? log.base.index : 0);
  }

  appended(token: AppendToken): void {
    const core = this.#core;
    core.diskStalledTicks = 0;
    core.durableHardState = core.log.finishWrite(token) ?? core.durableHardState;
    countOwnVote(core);
    if (core.state.role === 'Leader') commitIfQuorum(core, core.state);
  }

  applied(index: number): void {
    this.#core.log.appliedTo(index);
  }

  compact(index: number): void {
    this.#core.log.compact(index);
  }

  entriesFrom(index: number, maxBytes: number): readonly Entry[] {
    const { log } = this.#core;
    return index > log.lastIndex ? [] : log.slice(Math.max(index, log.firstIndex), maxBytes);
  }

  awaitCommit(member: MemberId): void {
    awaitCommit(this.#core, member, this.#core.log.lastIndex);
  }

  get isCommitHeld(): boolean {
    const { state } = this.#core;
    return state.role === 'Leader' && state.isCommitHeld;
  }

  takeOutput(mayHoldCommit = false): Output | null {
    const core = this.#core;
    const { state, outbox } = core;
    if (state.role === 'Leader') {
      leaveJointIfDue(core, state);
      startReadRound(core, state);
      sendCommitNotices(core, state);
      replicate(core, state, mayHoldCommit);
    } else if (state.role === 'Follower') forwardReads(core, state);
    const append = takeAppend(core);
    const committed = isWithholding(core) ? [] : core.log.takeCommitted();
    if (append === null && committed.length === 0 && outbox.isEmpty) return null;
    return {
      messages: outbox.messages.take(),
      append,
      committed,
      reads: outbox.reads.take(),
      droppedReads: outbox.droppedReads.take(),
      snapshotsNeeded: outbox.snapshotsNeeded.take(),
      events: outbox.events.take(),
    };
  }

  status(): RaftStatus {
    const core = this.#core;
    const { log, state } = core;
    const leader = state.role === 'Leader' ? state : null;
    return {
      id: core.id,
      role: state.role,
      term: core.term,
      vote: core.vote,
      leader: core.leader,
      commit: log.committed,
      applied: log.applied,
      firstIndex: log.firstIndex,
      lastIndex: log.lastIndex,
      lastTerm: log.lastTerm,
      durableIndex: log.durableIndex,
      configuration: core.configuration,
      transferee: leader?.transfer?.to ?? NO_MEMBER,
      hasCommittedInTerm: leader !== null && hasCommittedInTerm(core, leader),
      peers: [...(leader?.peers.values() ?? [])].map((peer) => ({
        id: peer.id,
        match: peer.match,
        next: peer.next,
        state: peer.state,
        isLearner: peer.isLearner,
        isRecentlyActive: peer.isPresent(core.isPeriodYoung),
      })),
    };
  }
}

function tickFollower(core: Core, state: FollowerState): void {
  acknowledgeQuietly(core, state);
  for (const requestId of state.reads.expire(core.options.electionTicks)) core.outbox.droppedReads.push(requestId);
  if (core.electionElapsed < core.electionTimeout) return;
  if (core.isPromotable) campaign(core, 'Timeout');
  else loseLeader(core);
}

/**
 * A message of a higher term ends whatever we are, with three exceptions. False when it is to be ignored.
 */
function stepNewTerm(core: Core, message: Message): boolean {
  switch (message.kind) {
    case 'VoteRequest':
      // The leader's lease: while it is heard nobody disturbs it (section 4.2.3), unless it wants to go itself.
      if (!message.isTransfer && hearsLeader(core)) return false;
      // A pre-vote changes nothing here: neither term nor vote.
      if (!message.isPreVote) adoptTerm(core, message.term, NO_MEMBER, message.from);
      return true;
    case 'VoteResponse':
      // A granted pre-vote carries the term asked for, which nobody is in yet.
      if (!(message.isPreVote && message.granted)) adoptTerm(core, message.term, NO_MEMBER, message.from);
      return true;
    case 'AppendRequest':
    case 'Heartbeat':
    case 'InstallSnapshot':
      adoptTerm(core, message.term, message.from, message.from);
      return true;
    default:
      adoptTerm(core, message.term, NO_MEMBER, message.from);
      return true;
  }
}

function stepSameTerm(core: Core, message: Message): void {
  const { state } = core;
  switch (message.kind) {
    case 'VoteRequest':
      handleVoteRequest(core, message);
      break;
    case 'VoteResponse':
      handleVoteResponse(core, message);
      break;
    case 'AppendRequest':
      followLeader(core, message.from);
      handleAppendRequest(core, message);
      break;
    case 'Heartbeat':
      followLeader(core, message.from);
      handleHeartbeat(core, message);
      break;
    case 'InstallSnapshot':
      followLeader(core, message.from);
      handleInstallSnapshot(core, message);
      break;
    case 'AppendResponse':
      if (state.role === 'Leader') handleAppendResponse(core, state, message);
      break;
    case 'HeartbeatResponse':
      if (state.role === 'Leader') handleHeartbeatResponse(core, state, message);
      break;
    case 'ReadIndexRequest':
      if (state.role === 'Leader') state.reads.add({ from: message.from, requestId: message.requestId });
      break;
    case 'ReadIndexResponse':
      handleReadIndexResponse(core, message);
      break;
    case 'TimeoutNow':
      if (state.role === 'Follower') campaignForTransfer(core);
      break;
  }
}

function stepOldTerm(core: Core, message: Message): void {
  if (message.kind === 'AppendRequest' || message.kind === 'Heartbeat') answerOldLeader(core, message.from);
  // Its sender is behind and must learn the term, or it asks for ever (canonical/raft#279).
  else if (message.kind === 'VoteRequest' && message.isPreVote) handleVoteRequest(core, message);
}

function hearsLeader(core: Core): boolean {
  if (core.state.role === 'Leader') return true;
  return core.leader !== NO_MEMBER && core.electionElapsed < core.options.electionTicks;
}

/**
 * The next batch for the disk. A commit index alone is not worth a write, because it can be learned again; that of a
 * configuration is (commit-notice.ts). Replies that wait for nothing leave with the messages.
 */
function takeAppend(core: Core): AppendToLog | null {
  const { log, outbox } = core;
  const written = core.writtenHardState;
  const commit = isWithholding(core) ? Math.max(written.commit, log.applying) : log.committed;
  const isConfigurationNew =
    log.lastCommittedConfiguration > written.commit && log.lastCommittedConfiguration <= commit;
  const isHardStateDue = core.term !== written.term || core.vote !== written.vote || isConfigurationNew;
  const isWriteDue = isHardStateDue || log.hasUnwritten;
  if (!isWriteDue && !log.hasWritesInFlight) {
    for (const reply of outbox.replies.take()) outbox.messages.push(reply);
    return null;
  }
  if (!isWriteDue && outbox.replies.isEmpty) return null;
  let hardState = null;
  if (isWriteDue && (isHardStateDue || commit !== written.commit)) {
    hardState = { term: core.term, vote: core.vote, commit };
    core.writtenHardState = hardState;
  }
  const { entries, snapshot, token } = log.startWrite(hardState);
  return { hardState, entries, snapshot, replies: outbox.replies.take(), token };
}
