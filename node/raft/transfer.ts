/** Handing leadership to a chosen voter (thesis section 3.10), with a deadline of one election timeout. */
import type { Core, LeaderState } from './core.ts';
import type { Progress } from './progress.ts';
import type { MemberId } from './types.ts';

/**
 * New proposals are refused until the transfer ends, so that the successor can catch up. False when `to` cannot lead.
 * Another transfer under way gives place to this one.
 */
export function startTransfer(core: Core, leader: LeaderState, to: MemberId): boolean {
  const peer = leader.peers.get(to);
  if (peer === undefined || !core.configuration.voters.includes(to)) return false;
  if (leader.transfer?.to === to) return true;
  abortTransfer(core, leader);
  leader.transfer = { to, ticksLeft: core.options.electionTicks };
  finishTransferIfCaughtUp(core, leader, peer);
  return true;
}

/** Proposals resume (hashicorp/raft#696: without a bound of its own a transfer can hang for ever). */
export function abortTransfer(core: Core, leader: LeaderState): void {
  if (leader.transfer === null) return;
  core.outbox.events.push({ kind: 'TransferAborted', to: leader.transfer.to });
  leader.transfer = null;
}

export function tickTransfer(core: Core, leader: LeaderState): void {
  if (leader.transfer === null) return;
  leader.transfer.ticksLeft--;
  if (leader.transfer.ticksLeft <= 0) abortTransfer(core, leader);
}

export function finishTransferIfCaughtUp(core: Core, leader: LeaderState, peer: Progress): void {
  if (leader.transfer?.to === peer.id && peer.match === core.log.lastIndex) sendTimeoutNow(core, peer.id);
}

/**
 * A leader that must go asks the best voter to campaign at once, which spares the cluster an election timeout. Only a
 * hint: if it is lost, followers time out as usual. False when no other voter is there.
 */
export function nominateSuccessor(core: Core, leader: LeaderState): boolean {
  let best: Progress | null = null;
  for (const peer of leader.peers.values()) {
    if (!peer.isPresent(core.isPeriodYoung) || !core.configuration.voters.includes(peer.id)) continue;
    if (best === null || peer.match > best.match) best = peer;
  }
  if (best !== null) sendTimeoutNow(core, best.id);
  return best !== null;
}

function sendTimeoutNow(core: Core, to: MemberId): void {
  core.outbox.messages.push({ kind: 'TimeoutNow', from: core.id, to, term: core.term });
}
