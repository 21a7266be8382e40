/**
 * A leader hands out a committed Configuration entry only once a quorum durably knows that it is committed.
 *
 * A configuration takes effect when it is applied, so whoever does not know it to be committed still needs the votes of
 * the members that it removes. Were the removed leader the only one to know, and gone, the others could never elect
 * anyone: two voters that become one, or a joint configuration whose old half is even.
 */
import type { Core, LeaderState } from './core.ts';
import type { Progress } from './progress.ts';
import { hasQuorum } from './quorum.ts';

/** Of a heartbeat that tells a follower of the configuration's commit; its answer, or a later one's, proves that it knows. */
export type CommitNotice = { readonly counter: number; readonly commit: number };

export function mayHandOutCommitted(core: Core, leader: LeaderState): boolean {
  const { log } = core;
  const configuration = log.lastCommittedConfiguration;
  if (configuration <= log.applying) return true;
  return hasQuorum(
    core.configuration,
    (voter) => voter === core.id || (leader.peers.get(voter)?.knownCommit ?? 0) >= configuration,
  );
}

/** The follower has not been asked yet whether it knows. */
export function isNoticeDue(core: Core, peer: Progress): boolean {
  const configuration = core.log.lastCommittedConfiguration;
  if (configuration <= core.log.applying || peer.notice !== null) return false;
  return peer.knownCommit < configuration && peer.match >= configuration;
}

export function noticeAnswered(peer: Progress, counter: number): void {
  if (peer.notice === null || counter < peer.notice.counter) return;
  peer.knownCommit = peer.notice.commit;
  peer.notice = null;
}
