/** The ways from one role to another (paper figure 4, with pre-candidates), one function each. */
import { isWithholding } from './commit-notice.ts';
import { membersOf } from './configuration.ts';
import type { CandidateState, Core, LeaderState } from './core.ts';
import { ForwardedReads } from './forwarded-reads.ts';
import { assert } from './invariant.ts';
import { Progress } from './progress.ts';
import { ReadRounds } from './read-rounds.ts';
import { type ElectionReason, EntryKind, type MemberId, NO_MEMBER, type RaftEvent } from './types.ts';

type LossReason = Extract<RaftEvent, { kind: 'ElectionLost' }>['why'];
type StepDownReason = Extract<RaftEvent, { kind: 'SteppedDown' }>['why'];

/** A message of a higher term: whatever we were is over (paper figure 2, rules for all servers). */
export function adoptTerm(core: Core, term: number, leader: MemberId, from: MemberId): void {
  assert(term > core.term, () => `term would fall from ${core.term} to ${term}`);
  const { state } = core;
  if (state.role === 'Leader') endLeadership(core, state, state.transfer?.to === from ? 'Transferred' : 'HigherTerm');
  else if (state.role === 'Follower') dropForwardedReads(core);
  else announceLoss(core, 'HigherTerm');
  core.term = term;
  core.vote = NO_MEMBER;
  becomeFollower(core, leader);
}

/** This term's leader speaks. */
export function followLeader(core: Core, leader: MemberId): void {
  const { state } = core;
  assert(state.role !== 'Leader', () => `two leaders in term ${core.term}: ${core.id} and ${leader}`);
  if (state.role !== 'Follower') {
    announceLoss(core, 'OtherLeader');
    becomeFollower(core, leader);
  } else if (state.leader === NO_MEMBER) {
    state.leader = leader;
    core.announceRole();
  } else {
    assert(state.leader === leader, () => `two leaders in term ${core.term}: ${state.leader} and ${leader}`);
  }
  core.electionElapsed = 0;
}

/** The leader is no longer believed in; the term stays, and it may be heard again. */
export function loseLeader(core: Core): void {
  const { state } = core;
  if (state.role !== 'Follower' || state.leader === NO_MEMBER) return;
  dropForwardedReads(core);
  state.leader = NO_MEMBER;
  core.announceRole();
}

export function stepDown(core: Core, leader: LeaderState, why: StepDownReason): void {
  endLeadership(core, leader, why);
  becomeFollower(core, NO_MEMBER);
}

export function loseElection(core: Core, why: LossReason): void {
  announceLoss(core, why);
  becomeFollower(core, NO_MEMBER);
}

/** Asks whether an election could be won, without disturbing anybody: neither term nor vote change (section 9.6). */
export function becomePreCandidate(core: Core, reason: ElectionReason): CandidateState {
  return becomeCandidateOf(core, 'PreCandidate', reason);
}

export function becomeCandidate(core: Core, reason: ElectionReason): CandidateState {
  core.term++;
  core.vote = core.id;
  return becomeCandidateOf(core, 'Candidate', reason);
}

export function becomeLeader(core: Core): void {
  assert(core.state.role === 'Candidate', () => `a ${core.state.role} cannot become leader`);
  const { log } = core;
  const leader: LeaderState = {
    role: 'Leader',
    peers: new Map(),
    reads: new ReadRounds(),
    firstIndex: log.lastIndex + 1,
    lastConfigurationIndex: log.lastConfiguration(),
    toldCommit: core.withheld === 0 ? log.committed : log.applying,
    uncommittedBytes: 0,
    heartbeatElapsed: 0,
    isCommitHeld: false,
    transfer: null,
  };
  core.state = leader;
  core.electionElapsed = 0;
  // Not taken for active, or a dead peer would be counted; the living have until the first CheckQuorum to answer.
  trackPeers(core, leader, false);
  // Only an entry of the own term commits by counting, so every leader starts with one (section 6.4).
  log.append([{ term: core.term, index: leader.firstIndex, kind: EntryKind.Normal, data: EMPTY }]);
  core.outbox.events.push({ kind: 'ElectionWon', term: core.term });
  core.announceRole();
}

const EMPTY = new Uint8Array(0);

/**
 * Brings the peers into line with the configuration; who stays keeps its progress.
 *
 * @param isRecentlyActive what is assumed of new peers, until the next CheckQuorum
 */
export function trackPeers(core: Core, leader: LeaderState, isRecentlyActive: boolean): void {
  const members = new Set(membersOf(core.configuration));
  for (const id of leader.peers.keys()) if (!members.has(id)) leader.peers.delete(id);
  for (const id of members) {
    if (id === core.id) continue;
    const isLearner = core.configuration.learners.includes(id);
    const known = leader.peers.get(id);
    if (known !== undefined) known.isLearner = isLearner;
    else {
      const next = core.log.lastIndex + 1;
      leader.peers.set(id, new Progress({ id, isLearner, isRecentlyActive, next }, core.options));
    }
  }
}

export function dropForwardedReads(core: Core): void {
  if (core.state.role !== 'Follower') return;
  for (const requestId of core.state.reads.drop()) core.outbox.droppedReads.push(requestId);
}

function becomeFollower(core: Core, leader: MemberId): void {
  core.state = { role: 'Follower', leader, reads: new ForwardedReads(), quietAcknowledgement: 0 };
  core.restartElectionTimer();
  core.announceRole();
}

function becomeCandidateOf(core: Core, role: CandidateState['role'], reason: ElectionReason): CandidateState {
  assert(core.state.role !== 'Leader', 'a leader cannot campaign');
  dropForwardedReads(core);
  const state: CandidateState = { role, reason, votes: new Map() };
  core.state = state;
  core.restartElectionTimer();
  core.announceRole();
  return state;
}

/** Reads of others are dropped by themselves, when they see the leader change. */
function endLeadership(core: Core, leader: LeaderState, why: StepDownReason): void {
  core.withheld = isWithholding(core) ? core.log.lastCommittedConfiguration : 0;
  for (const read of leader.reads.unanswered()) {
    if (read.from === core.id) core.outbox.droppedReads.push(read.requestId);
  }
  core.outbox.events.push({ kind: 'SteppedDown', term: core.term, why });
}

function announceLoss(core: Core, why: LossReason): void {
  core.outbox.events.push({ kind: 'ElectionLost', term: core.term, why });
}
