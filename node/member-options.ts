/** What the driver wants to be told, from the user's settings. */
import type { Addresses } from './addresses.ts';
import type { Config } from './config/config.ts';
import { containerMemoryBytes } from './container-memory.ts';
import type { MemberOptions } from './server/options.ts';

/** How finely the core's timeouts are counted. Each tick wakes a sleeping processor, which is most of what an idle member costs. */
const TICKS_PER_HEARTBEAT = 4;
const MIN_TICK_MS = 2;
const MOST_HELD_ANSWER_BYTES = 256 << 20;
/** The share of what a container may have: a byte held costs about one and a half, and half of it all may be V8's heap. */
const HELD_ANSWERS_SHARE = 1 / 8;

export function memberOptions(config: Config, addresses: Addresses, version: string): MemberOptions {
  const initialCluster = toldToFormWith(addresses);
  return {
    ...(initialCluster === null ? {} : { initialCluster }),
    name: addresses.name,
    peerAddress: addresses.advertisePeer,
    clientUrl: addresses.advertiseClientUrl,
    version,
    timing: {
      tickMs: Math.max(MIN_TICK_MS, config.heartbeatIntervalMs / TICKS_PER_HEARTBEAT),
      heartbeatIntervalMs: config.heartbeatIntervalMs,
      electionTimeoutMs: config.electionTimeoutMs,
    },
    limits: {
      maxProposalsInFlight: config.maxProposalsInFlight,
      maxProposalBytesInFlight: config.maxProposalBytesInFlight,
      maxUncommittedBytes: config.maxUncommittedBytes,
      maxLogBytes: config.maxLogBytes,
      logTailBytes: config.logTailBytes,
      maxEntriesBytesPerMessage: config.maxEntriesBytesPerMessage,
      maxInflightMessages: config.maxInflightMessages,
      maxInflightBytes: config.maxInflightBytes,
      watcherQueueBytes: config.watcherQueueBytes,
      maxHeldAnswerBytes: Math.min(MOST_HELD_ANSWER_BYTES, containerMemoryBytes() * HELD_ANSWERS_SHARE),
      minFreeBytes: config.minFreeBytes,
      resumeFreeBytes: config.resumeFreeBytes,
    },
    historyRetentionMs: config.historyRetentionMs,
    stopTimeoutMs: config.stopTimeoutMs,
  };
}

function toldToFormWith({ formation }: Addresses): string[] | null {
  switch (formation.kind) {
    case 'InitialCluster':
      return formation.members.map(({ name, url }) => `${name}=${url}`).sort();
    case 'Expect':
      return [...formation.urls].sort();
    case 'Wait':
    case 'Join':
      return null;
  }
}
