/** The driver's options in a simulated run: small limits, so that cuts, snapshots and refusals happen often. */
import type { MemberOptions } from '../../node/server/options.ts';
import type { Plan } from './plan.ts';

export function memberOptions(plan: Plan, name: string, address: string): MemberOptions {
  return {
    name,
    peerAddress: address,
    clientUrl: `http://${address}`,
    version: 'simulated',
    timing: {
      tickMs: plan.tickMs,
      heartbeatIntervalMs: plan.heartbeatIntervalMs,
      electionTimeoutMs: plan.electionTimeoutMs,
    },
    limits: {
      maxProposalsInFlight: 100,
      maxProposalBytesInFlight: 100_000,
      maxUncommittedBytes: 100_000,
      maxLogBytes: plan.maxLogBytes,
      logTailBytes: plan.logTailBytes,
      maxEntriesBytesPerMessage: 2_000,
      maxInflightMessages: 8,
      maxInflightBytes: 20_000,
      watcherQueueBytes: 2_000,
      maxHeldAnswerBytes: 1_000_000,
      minFreeBytes: MIN_FREE_BYTES,
      resumeFreeBytes: 2 * MIN_FREE_BYTES,
    },
    historyRetentionMs: plan.historyRetentionMs,
    stopTimeoutMs: 5 * plan.electionTimeoutMs,
  };
}

export const MIN_FREE_BYTES = 200_000;
