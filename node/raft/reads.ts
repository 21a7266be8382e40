/** Linearizable reads on any member (thesis section 6.4): the leader confirms, followers ask it. */
import { votersOf } from './configuration.ts';
import type { Core, FollowerState, LeaderState } from './core.ts';
import { hasCommittedInTerm } from './proposals.ts';
import { hasQuorum } from './quorum.ts';
import type { Read } from './read-rounds.ts';
import { awaitCommit, sendHeartbeat } from './replication.ts';
import { NO_MEMBER, type ReadIndexResponse } from './types.ts';

export function addRead(core: Core, requestId: number): void {
  const { state } = core;
  if (state.role === 'Leader') state.reads.add({ from: core.id, requestId });
  else if (state.role === 'Follower' && state.leader !== NO_MEMBER) state.reads.add(requestId);
  else core.outbox.droppedReads.push(requestId);
}

/**
 * Sends the reads of this turn on their way: a confirmation round if none is under way, else they share the next one.
 * The read index is the commit index now, when the round begins; before this leader has committed in its term that
 * index may be too low, so reads are held (etcd-io/etcd#7331).
 */
export function startReadRound(core: Core, leader: LeaderState): void {
  if (!leader.reads.isRoundDue || !hasCommittedInTerm(core, leader)) return;
  core.readCounter++;
  leader.reads.start(core.readCounter, core.log.committed);
  confirmReads(core, leader);
  if (leader.reads.inFlight === null) return; // a single voter needs nobody's word
  for (const voter of votersOf(core.configuration)) sendHeartbeat(core, leader, voter);
}

/** Answers the round under way once a quorum has answered its heartbeats; learners do not count. */
export function confirmReads(core: Core, leader: LeaderState): void {
  const round = leader.reads.inFlight;
  if (round === null) return;
  const isConfirmed = hasQuorum(
    core.configuration,
    (voter) => voter === core.id || (leader.peers.get(voter)?.readCounter ?? 0) >= round.counter,
  );
  if (!isConfirmed) return;
  leader.reads.finish();
  for (const read of round.reads) answer(core, read, round.index);
}

export function forwardReads(core: Core, follower: FollowerState): void {
  if (!follower.reads.hasWaiting) return;
  const requestId = core.nextReadId++;
  follower.reads.send(requestId);
  core.outbox.messages.push({
    kind: 'ReadIndexRequest',
    from: core.id,
    to: follower.leader,
    term: core.term,
    requestId,
  });
}

export function handleReadIndexResponse(core: Core, response: ReadIndexResponse): void {
  if (core.state.role !== 'Follower') return;
  for (const requestId of core.state.reads.answer(response.requestId) ?? []) {
    core.outbox.reads.push({ requestId, index: response.index });
  }
}

function answer(core: Core, read: Read, index: number): void {
  if (read.from === core.id) {
    core.outbox.reads.push({ requestId: read.requestId, index });
    return;
  }
  awaitCommit(core, read.from, index);
  core.outbox.messages.push({
    kind: 'ReadIndexResponse',
    from: core.id,
    to: read.from,
    term: core.term,
    requestId: read.requestId,
    index,
  });
}
