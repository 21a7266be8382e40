/**
 * A leader hands out a committed Configuration entry only once a quorum durably knows that it is committed.
 *
 * A configuration takes effect when it is applied, so whoever does not know it to be committed still needs the votes of
 * the members that it removes. Were the removed leader the only one to know, and gone, the others could never elect
 * anyone: two voters that become one, or a joint configuration whose old half is even.
 */
import type { Core } from './core.ts';
import type { Progress } from './progress.ts';
import { hasQuorum } from './quorum.ts';

/** A heartbeat that tells a follower of the configuration's commit; its answer, or a later one's, proves that it knows. */
export type CommitNotice = { readonly counter: number; readonly commit: number };

/**
 * Whether this member alone may know of a committed configuration. It then acts as if it did not: applies nothing, does
 * not record the commit, and may campaign under the configuration before. That is what a crash would make of it, and
 * safe: an entry of the configuration after the next only ever comes with the news that the next is committed.
 */
export function isWithholding(core: Core): boolean {
  const { state, log } = core;
  if (state.role !== 'Leader') return core.withheld > log.applying;
  const configuration = log.lastCommittedConfiguration;
  if (configuration <= Math.max(log.applying, state.toldCommit)) return false;
  const isKnown = hasQuorum(
    core.configuration,
    (voter) => voter === core.id || (state.peers.get(voter)?.knownCommit ?? 0) >= configuration,
  );
  return !isKnown;
}

/** A leader's word is enough: it is itself bound to tell a quorum. */
export function commitTold(core: Core, commit: number): void {
  if (commit >= core.withheld) core.withheld = 0;
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
