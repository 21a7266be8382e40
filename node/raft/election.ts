/**
 * Campaigns and votes (paper section 5.2, thesis sections 3.4, 3.6.1, 4.2.3 and 9.6).
 *
 * A campaign asks for pre-votes first; only when a quorum would vote for us does the term rise. A transfer skips that:
 * the leader itself wants it.
 */
import { votersOf } from './configuration.ts';
import type { CandidateState, Core } from './core.ts';
import { voteResult } from './quorum.ts';
import { becomeCandidate, becomeLeader, becomePreCandidate, loseElection } from './transitions.ts';
import { type ElectionReason, type MemberId, NO_MEMBER, type VoteRequest, type VoteResponse } from './types.ts';

/** Starts a campaign if this member may; a repeated wish while one is under way only asks the silent voters again. */
export function campaign(core: Core, reason: ElectionReason): void {
  if (core.state.role === 'Leader' || !core.isPromotable) return;
  if (core.state.role !== 'Follower') {
    askAgain(core, core.state);
    return;
  }
  preCampaign(core, reason);
}

/** A campaign that came to nothing in time; the next one has another random timeout. */
export function campaignTimedOut(core: Core): void {
  loseElection(core, 'TimedOut');
  if (core.isPromotable) preCampaign(core, 'Timeout');
}

/** The leader has chosen us (section 3.10). */
export function campaignForTransfer(core: Core): void {
  if (!core.isPromotable) return;
  core.outbox.events.push({ kind: 'ElectionStarted', term: core.term + 1, reason: 'Transfer' });
  startElection(core, 'Transfer');
}

/**
 * Requests and their answers get lost; without asking again a pre-candidate whose peer noticed the leader's death a
 * little later would wait a whole election timeout.
 */
export function askAgain(core: Core, candidate: CandidateState): void {
  if (candidate.role === 'Candidate' && !candidate.votes.has(core.id)) return; // not durable yet
  for (const voter of votersOf(core.configuration)) {
    if (!candidate.votes.has(voter)) core.outbox.messages.push(voteRequest(core, candidate, voter));
  }
}

/** Called when a hard state became durable: only now does our own vote count (etcd-io/etcd#14370). */
export function countOwnVote(core: Core): void {
  const { state, durableHardState } = core;
  if (state.role !== 'Candidate' || state.votes.has(core.id)) return;
  if (durableHardState.term !== core.term || durableHardState.vote !== core.id) return;
  recordVote(core, state, core.id, true);
}

export function handleVoteRequest(core: Core, request: VoteRequest): void {
  // The answer to a pre-vote carries the term that was asked for, else the asker would take it for an old one. A
  // rejection carries ours, so that a candidate of the past catches up (canonical/raft#279).
  const isGranted = mayVoteFor(core, request);
  core.outbox.replies.push({
    kind: 'VoteResponse',
    from: core.id,
    to: request.from,
    term: isGranted ? request.term : core.term,
    isPreVote: request.isPreVote,
    granted: isGranted,
  });
  if (!isGranted) return;
  if (!request.isPreVote) {
    core.vote = request.from;
    core.electionElapsed = 0;
  } else if (yieldsTo(core, request)) loseElection(core, 'Yielded');
}

export function handleVoteResponse(core: Core, response: VoteResponse): void {
  const { state } = core;
  if (state.role !== 'PreCandidate' && state.role !== 'Candidate') return;
  if (response.isPreVote !== (state.role === 'PreCandidate')) return;
  const grantedTerm = response.isPreVote ? core.term + 1 : core.term;
  if (response.granted && response.term !== grantedTerm) return; // of an earlier campaign
  recordVote(core, state, response.from, response.granted);
}

/**
 * Rules of figure 2, RequestVote 1 and 2.
 *
 * A learner answers too: whoever asks it believes it to be a voter, and it may be one whose promotion it has not
 * applied yet. Were it silent, the voters that promoted it could not elect anyone once their leader dies. It is never
 * asked by, nor counted for, a candidate that knows it as a learner.
 */
function mayVoteFor(core: Core, request: VoteRequest): boolean {
  if (!core.hasReapplied || request.term < core.term) return false;
  const isFree =
    core.vote === request.from ||
    (core.vote === NO_MEMBER && core.leader === NO_MEMBER) ||
    (request.isPreVote && request.term > core.term);
  return isFree && core.log.isUpToDate(request.lastIndex, request.lastTerm);
}

/**
 * When a leader's connections break, all its followers ask at nearly the same time. Two that get each other's pre-votes
 * would both become candidates, split the votes and wait an election timeout: so one of them steps back. Not in a
 * campaign after a timeout: one whose answers never arrive could then hold the other back for ever.
 */
function yieldsTo(core: Core, request: VoteRequest): boolean {
  const { state, log } = core;
  if (state.role !== 'PreCandidate' || state.reason !== 'LeaderLost') return false;
  const isAhead = request.lastTerm > log.lastTerm || request.lastIndex > log.lastIndex;
  return isAhead || request.from < core.id;
}

function preCampaign(core: Core, reason: ElectionReason): void {
  core.outbox.events.push({ kind: 'ElectionStarted', term: core.term + 1, reason });
  const candidate = becomePreCandidate(core, reason);
  for (const voter of votersOf(core.configuration)) {
    if (voter !== core.id) core.outbox.messages.push(voteRequest(core, candidate, voter));
  }
  recordVote(core, candidate, core.id, true);
}

/**
 * The requests leave only when term and vote are durable: after a crash this term can then not be campaigned in a second
 * time, with a shorter log, by the votes given to the first.
 */
function startElection(core: Core, reason: ElectionReason): void {
  const candidate = becomeCandidate(core, reason);
  for (const voter of votersOf(core.configuration)) {
    if (voter !== core.id) core.outbox.replies.push(voteRequest(core, candidate, voter));
  }
}

function voteRequest(core: Core, candidate: CandidateState, to: MemberId): VoteRequest {
  const isPreVote = candidate.role === 'PreCandidate';
  return {
    kind: 'VoteRequest',
    from: core.id,
    to,
    term: isPreVote ? core.term + 1 : core.term,
    isPreVote,
    lastIndex: core.log.lastIndex,
    lastTerm: core.log.lastTerm,
    isTransfer: candidate.reason === 'Transfer',
  };
}

/** The first answer of each voter stands. */
function recordVote(core: Core, candidate: CandidateState, voter: MemberId, isGranted: boolean): void {
  if (!candidate.votes.has(voter)) candidate.votes.set(voter, isGranted);
  const result = voteResult(core.configuration, candidate.votes);
  if (result === 'Lost') loseElection(core, 'Rejected');
  if (result !== 'Won') return;
  if (candidate.role === 'PreCandidate') startElection(core, candidate.reason);
  else becomeLeader(core);
}
