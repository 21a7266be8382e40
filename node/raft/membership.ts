/** A configuration takes effect when it is applied (as in etcd-io/raft, unlike the thesis, where it is when appended). */
import { assertValidConfiguration } from './configuration.ts';
import type { Core, LeaderState } from './core.ts';
import { commitIfQuorum } from './leader.ts';
import { confirmReads } from './reads.ts';
import { abortTransfer, nominateSuccessor } from './transfer.ts';
import { loseElection, stepDown, trackPeers } from './transitions.ts';
import type { Configuration } from './types.ts';

export function applyConfiguration(core: Core, index: number, configuration: Configuration): void {
  assertValidConfiguration(configuration);
  if (index <= core.configuredThrough) return; // membership never travels back in time
  core.configuredThrough = index;
  core.configuration = configuration;
  const { state } = core;
  if (state.role === 'Leader') reconfigureLeader(core, state);
  else if (state.role !== 'Follower' && !core.isVoter) loseElection(core, 'Rejected');
}

function reconfigureLeader(core: Core, leader: LeaderState): void {
  trackPeers(core, leader, true);
  if (!core.isVoter) {
    nominateSuccessor(core, leader);
    stepDown(core, leader, 'Removed');
    return;
  }
  if (leader.transfer !== null && !core.configuration.voters.includes(leader.transfer.to)) abortTransfer(core, leader);
  // The new quorum may be smaller, so that what has already been acknowledged is enough.
  commitIfQuorum(core, leader);
  confirmReads(core, leader);
}
