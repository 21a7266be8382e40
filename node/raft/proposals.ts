/** What a leader takes into its log, and why it may refuse. Nothing is ever dropped without a reason. */
import type { Core, LeaderState } from './core.ts';
import { entrySizeBytes } from './entry-size.ts';
import { assert } from './invariant.ts';
import { type Entry, EntryKind, type Proposed, type Refusal } from './types.ts';

/** All or none. */
export function propose(core: Core, data: readonly Uint8Array[]): Proposed {
  const { state: leader } = core;
  if (leader.role !== 'Leader') return refused('NotLeader');
  if (leader.transfer !== null) return refused('LeadershipTransfer');
  if (core.isBacklogged) return refused('UnappliedLimit');
  assert(data.length > 0, 'a proposal of no entries');
  const entries: Entry[] = [];
  let index = core.log.lastIndex;
  let sizeBytes = 0;
  for (const bytes of data) {
    assert(bytes.length > 0, 'an empty proposal would look like a new leader');
    index++;
    const entry = { term: core.term, index, kind: EntryKind.Normal, data: bytes };
    entries.push(entry);
    sizeBytes += entrySizeBytes(entry);
  }
  // With nothing uncommitted any size passes, or a proposal above the limit could never be made.
  const isOverLimit = leader.uncommittedBytes + sizeBytes > core.options.maxUncommittedBytes;
  if (leader.uncommittedBytes > 0 && isOverLimit) return refused('UncommittedLimit');
  return append(core, leader, entries);
}

/**
 * One change at a time, and only from a configuration that this leader knows to be the last: a second one, judged by
 * the first one's predecessor, would be wrong when its turn comes.
 */
export function proposeConfiguration(core: Core, data: Uint8Array): Proposed {
  const { state: leader } = core;
  if (leader.role !== 'Leader') return refused('NotLeader');
  if (leader.transfer !== null) return refused('LeadershipTransfer');
  assert(data.length > 0, 'an empty Configuration entry leaves a joint configuration: the core proposes that itself');
  if (!hasCommittedInTerm(core, leader)) return refused('NotCommittedInTerm');
  if (isConfigurationPending(core, leader)) return refused('ConfigurationPending');
  if (core.configuration.leaving !== null) return refused('JointConfiguration');
  return appendConfiguration(core, leader, data);
}

/**
 * A joint configuration is left as soon as it is in use, by whoever leads then (section 4.3). Called every turn: a
 * transfer that is aborted or an own-term commit makes it possible later.
 */
export function leaveJointIfDue(core: Core, leader: LeaderState): void {
  if (core.configuration.leaving === null || leader.transfer !== null) return;
  if (!hasCommittedInTerm(core, leader) || isConfigurationPending(core, leader)) return;
  appendConfiguration(core, leader, LEAVE_JOINT);
}

const LEAVE_JOINT = new Uint8Array(0);

/** Until then a leader does not know what is committed (paper section 8; Ongaro's single-server bug of 2015). */
export function hasCommittedInTerm(core: Core, leader: LeaderState): boolean {
  return core.log.committed >= leader.firstIndex;
}

function isConfigurationPending(core: Core, leader: LeaderState): boolean {
  return leader.lastConfigurationIndex > core.configuredThrough;
}

/** Not subject to the uncommitted limit: a change of members may be what an overloaded cluster needs. */
function appendConfiguration(core: Core, leader: LeaderState, data: Uint8Array): Proposed {
  const index = core.log.lastIndex + 1;
  leader.lastConfigurationIndex = index;
  return append(core, leader, [{ term: core.term, index, kind: EntryKind.Configuration, data }]);
}

function append(core: Core, leader: LeaderState, entries: readonly Entry[]): Proposed {
  const firstIndex = core.log.lastIndex + 1;
  core.log.append(entries);
  for (const entry of entries) leader.uncommittedBytes += entrySizeBytes(entry);
  return { accepted: true, term: core.term, firstIndex };
}

function refused(reason: Refusal): Proposed {
  return { accepted: false, reason };
}
