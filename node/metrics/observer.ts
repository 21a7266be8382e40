/** Counts and times what the driver tells of. */
import { NO_MEMBER, type RaftEvent } from '../raft/types.ts';
import type { Observer } from '../server/observer.ts';
import type { Metrics } from './metrics.ts';

export function metricsObserver(metrics: Metrics): Omit<Observer, 'log'> {
  let lastLeader = NO_MEMBER;
  const seenLeader = (leader: number): void => {
    if (leader === NO_MEMBER || leader === lastLeader) return;
    lastLeader = leader;
    metrics.leaderChanges.inc();
  };
  return {
    raftEvent: (event) => {
      if (event.kind === 'RoleChanged') seenLeader(event.leader);
      countElection(metrics, event);
    },
    logAppended: (seconds, entries, bytes) => {
      metrics.logAppendSeconds.observe(seconds);
      metrics.logAppendedEntries.inc(entries);
      metrics.logAppendedBytes.inc(bytes);
    },
    quorumReached: (seconds) => metrics.quorumSeconds.observe(seconds),
    replicated: (seconds) => metrics.replicateSeconds.observe(seconds),
    applied: (seconds, entries) => {
      metrics.applySeconds.observe(seconds);
      metrics.appliedEntries.inc(entries);
    },
    wroteOut: (seconds) => metrics.writeOutSeconds.observe(seconds),
    proposalsCommitted: (count) => metrics.proposalsCommitted.inc(count),
    proposalRefused: (reason) => metrics.proposalsRefused.inc({ reason }),
    snapshotSent: (seconds, outcome) => {
      metrics.snapshotsSent.inc({ outcome });
      metrics.snapshotSendSeconds.observe(seconds);
    },
    snapshotReceived: (seconds, outcome) => {
      metrics.snapshotsReceived.inc({ outcome });
      metrics.snapshotReceiveSeconds.observe(seconds);
    },
    snapshotBytes: (direction, bytes) => {
      (direction === 'sent' ? metrics.snapshotSentBytes : metrics.snapshotReceivedBytes).inc(bytes);
    },
  };
}

function countElection(metrics: Metrics, event: RaftEvent): void {
  switch (event.kind) {
    case 'ElectionStarted':
      return metrics.electionsStarted.inc({ reason: event.reason });
    case 'ElectionWon':
      return metrics.electionsWon.inc();
    case 'ElectionLost':
      return metrics.electionsLost.inc({ reason: event.why });
    case 'SteppedDown':
      return metrics.stepDowns.inc({ reason: event.why });
    case 'RoleChanged':
    case 'TransferAborted':
      return;
  }
}
