/** The core's settings from the user's: milliseconds become ticks. */
import type { MemberId, RaftOptions } from '../raft/types.ts';
import type { MemberOptions } from './options.ts';

const MAX_COMMITTED_BYTES_PER_OUTPUT = 4 << 20;
/** Long enough for a slow disk's worst second, short enough that a hung one does not hold the cluster (hashicorp/raft#503). */
const DISK_STALL_ELECTION_TIMEOUTS = 2;

/** Longer: an engine that compacts may hold writes up for seconds, and then on every member, as all write the same. */
const STATE_STALL_ELECTION_TIMEOUTS = 5;

export function stateStallTicks({ timing }: MemberOptions): number {
  return STATE_STALL_ELECTION_TIMEOUTS * Math.ceil(timing.electionTimeoutMs / timing.tickMs);
}

export function raftOptions(id: MemberId, { timing, limits }: MemberOptions, random: () => number): RaftOptions {
  const electionTicks = Math.ceil(timing.electionTimeoutMs / timing.tickMs);
  return {
    id,
    electionTicks,
    heartbeatTicks: Math.ceil(timing.heartbeatIntervalMs / timing.tickMs),
    diskStallTicks: DISK_STALL_ELECTION_TIMEOUTS * electionTicks,
    maxEntriesBytesPerMessage: limits.maxEntriesBytesPerMessage,
    maxInflightMessages: limits.maxInflightMessages,
    maxInflightBytes: limits.maxInflightBytes,
    maxUncommittedBytes: limits.maxUncommittedBytes,
    maxUnappliedBytes: limits.maxUncommittedBytes,
    maxCommittedBytesPerOutput: MAX_COMMITTED_BYTES_PER_OUTPUT,
    random,
  };
}
