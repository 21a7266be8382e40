/**
 * Every Prometheus metric of a member, with its help text. Who fills it: the driver through `metricsObserver`, the
 * API through `observeRequest`, and at each scrape `collect` with what is read from the member's present state.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { Counts } from './counts.ts';
import { Timings } from './timings.ts';

/** Each look wakes an idle process; what is measured includes this time between two. */
const EVENT_LOOP_LOOKS_MS = 25;

export type Metrics = {
  readonly registry: Registry;

  readonly info: Gauge<'version' | 'format'>;
  readonly state: Gauge<'state'>;
  readonly parked: Gauge<'reason'>;
  readonly ready: Gauge;
  readonly memberId: Gauge;
  readonly role: Gauge<'role'>;
  readonly term: Gauge;
  readonly leaderKnown: Gauge;
  readonly leaderId: Gauge;
  readonly quorumCritical: Gauge;
  readonly configIndex: Gauge;
  readonly firstIndex: Gauge;
  readonly lastIndex: Gauge;
  readonly commitIndex: Gauge;
  readonly appliedIndex: Gauge;
  readonly members: Gauge<'role'>;
  readonly leaderChanges: Counter;
  readonly electionsStarted: Counter<'reason'>;
  readonly electionsWon: Counter;
  readonly electionsLost: Counter<'reason'>;
  readonly stepDowns: Counter<'reason'>;

  readonly proposalsPending: Gauge;
  readonly proposalsCommitted: Counter;
  readonly proposalsRefused: Counter<'reason'>;
  readonly logAppendSeconds: Timings;
  readonly logAppendedEntries: Counter;
  readonly logAppendedBytes: Counter;
  readonly replicateSeconds: Timings;
  readonly quorumSeconds: Timings;
  readonly applySeconds: Timings;
  readonly writeOutSeconds: Timings;
  readonly appliedEntries: Counter;

  readonly peerConnected: Gauge<'peer'>;
  readonly peerEntriesBehind: Gauge<'peer'>;
  readonly peerRoundTripSeconds: Gauge<'peer'>;
  readonly peerSentBytes: Counter<'peer'>;
  readonly peerReceivedBytes: Counter<'peer'>;
  readonly peerSentMessages: Counter<'peer'>;
  readonly peerReceivedMessages: Counter<'peer'>;
  readonly peerDroppedMessages: Counter<'peer'>;

  readonly snapshotsSent: Counter<'outcome'>;
  readonly snapshotsReceived: Counter<'outcome'>;
  readonly snapshotSentBytes: Counter;
  readonly snapshotReceivedBytes: Counter;
  readonly snapshotSendSeconds: Timings;
  readonly snapshotReceiveSeconds: Timings;

  readonly storeSizeBytes: Gauge;
  readonly logSizeBytes: Gauge;
  readonly corruptMembers: Gauge;
  readonly noSpace: Gauge;
  readonly diskFreeBytes: Gauge;
  readonly diskSizeBytes: Gauge;
  readonly revision: Gauge;
  readonly compactedRevision: Gauge;
  readonly keys: Gauge;
  readonly leases: Gauge;
  readonly watchers: Gauge;
  readonly slowWatchers: Gauge;

  readonly certificateNotAfterSeconds: Gauge<'use'>;

  readonly httpRequests: Counts<'method' | 'route' | 'code'>;
  readonly httpRequestSeconds: Timings<'method' | 'route'>;
  readonly grpcRequests: Counts<'method' | 'code'>;
  readonly grpcRequestSeconds: Timings<'method'>;
};

/** @param withProcess false leaves out the process's own (CPU, memory, event loop delay, garbage collection) */
export function createMetrics(withProcess = true): Metrics {
  const registry = new Registry();
  // Under their usual names, which ready-made dashboards know.
  if (withProcess) {
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_LOOKS_MS });
  }
  const registers = [registry];

  const gauge = <L extends string = string>(name: string, help: string, labelNames: L[] = []): Gauge<L> =>
    new Gauge({ name: `quorate_${name}`, help, labelNames, registers });
  const counter = <L extends string = string>(name: string, help: string, labelNames: L[] = []): Counter<L> =>
    new Counter({ name: `quorate_${name}`, help, labelNames, registers });
  const counts = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counts<L> =>
    new Counts<L>(registry, `quorate_${name}`, help, labelNames);
  const seconds = (name: string, help: string): Timings => new Timings(registry, `quorate_${name}`, help, []);
  const labelledSeconds = <L extends string>(name: string, help: string, labelNames: readonly L[]): Timings<L> =>
    new Timings<L>(registry, `quorate_${name}`, help, labelNames);

  return {
    registry,

    info: gauge('info', 'Always 1; the labels say what runs here.', ['version', 'format']),
    state: gauge('member_state', '1 for the state this member is in, 0 for the others.', ['state']),
    parked: gauge('parked', '1 for the reason why this member is parked, 0 for the others.', ['reason']),
    ready: gauge('ready', '1 when /readyz answers 200.'),
    memberId: gauge('member_id', 'Id of this member, as in the label peer; 0 before it has one.'),
    role: gauge('role', '1 for the Raft role this member has, 0 for the others.', ['role']),
    term: gauge('term', 'Raft term of this member.'),
    leaderKnown: gauge('leader_known', '1 when this member knows a leader.'),
    leaderId: gauge('leader_id', 'Id of the leader that this member knows; 0 for none.'),
    quorumCritical: gauge('quorum_critical', '1 when the cluster would have no quorum without this member.'),
    configIndex: gauge('config_index', 'Log index of the applied configuration.'),
    firstIndex: gauge('first_index', 'Lowest log index that is kept.'),
    lastIndex: gauge('last_index', 'Highest log index in the log of this member.'),
    commitIndex: gauge('commit_index', 'Highest log index that this member knows to be committed.'),
    appliedIndex: gauge('applied_index', 'Highest log index that is applied to the store of this member.'),
    members: gauge('cluster_members', 'Members of the cluster in the applied configuration.', ['role']),
    leaderChanges: counter('leader_changes_total', 'How often this member saw another leader than before.'),
    electionsStarted: counter('elections_started_total', 'Elections that this member stood for.', ['reason']),
    electionsWon: counter('elections_won_total', 'Elections that this member won.'),
    electionsLost: counter('elections_lost_total', 'Elections that this member stood for and did not win.', ['reason']),
    stepDowns: counter('step_downs_total', 'How often this member stopped being leader.', ['reason']),

    proposalsPending: gauge('proposals_pending', 'Writes on this member that wait for a quorum or to be applied.'),
    proposalsCommitted: counter('proposals_committed_total', 'Writes taken by this member that were committed.'),
    proposalsRefused: counter('proposals_refused_total', 'Writes that this member refused.', ['reason']),
    logAppendSeconds: seconds('log_append_seconds', 'Time to append one batch to the log and fsync it.'),
    logAppendedEntries: counter('log_appended_entries_total', 'Entries made durable in the log.'),
    logAppendedBytes: counter('log_appended_bytes_total', 'Bytes of entries made durable in the log.'),
    replicateSeconds: seconds('replicate_seconds', 'Time from sending entries to a peer until it acknowledged them.'),
    quorumSeconds: seconds('quorum_seconds', 'Time from appending entries as leader until a quorum had them.'),
    applySeconds: seconds('apply_seconds', 'Time to apply one batch of committed entries.'),
    writeOutSeconds: seconds('write_out_seconds', 'Time until RocksDB had taken what was applied since the last time.'),
    appliedEntries: counter('applied_entries_total', 'Entries applied to the store.'),

    peerConnected: gauge('peer_connected', '1 when there is a connection to the peer.', ['peer']),
    peerEntriesBehind: gauge(
      'peer_entries_behind',
      "Entries that the peer is behind the leader's log; on the leader only.",
      ['peer'],
    ),
    peerRoundTripSeconds: gauge('peer_round_trip_seconds', 'Smoothed round trip to the peer.', ['peer']),
    peerSentBytes: counter('peer_sent_bytes_total', 'Bytes sent to the peer, snapshots included.', ['peer']),
    peerReceivedBytes: counter('peer_received_bytes_total', 'Bytes received from the peer, snapshots included.', [
      'peer',
    ]),
    peerSentMessages: counter('peer_sent_messages_total', 'Messages sent to the peer.', ['peer']),
    peerReceivedMessages: counter('peer_received_messages_total', 'Messages received from the peer.', ['peer']),
    peerDroppedMessages: counter('peer_dropped_messages_total', 'Messages not sent: no connection, or a full queue.', [
      'peer',
    ]),

    snapshotsSent: counter('snapshots_sent_total', 'Snapshots sent to other members.', ['outcome']),
    snapshotsReceived: counter('snapshots_received_total', 'Snapshots received from other members.', ['outcome']),
    snapshotSentBytes: counter('snapshot_sent_bytes_total', 'Bytes of snapshots sent to other members.'),
    snapshotReceivedBytes: counter('snapshot_received_bytes_total', 'Bytes of snapshots received from other members.'),
    snapshotSendSeconds: seconds('snapshot_send_seconds', 'Time to send one snapshot.'),
    snapshotReceiveSeconds: seconds('snapshot_receive_seconds', 'Time to receive and install one snapshot.'),

    storeSizeBytes: gauge('store_size_bytes', 'Size of the store, on disk and in memory, approximately.'),
    logSizeBytes: gauge('log_size_bytes', 'Size of the log that is kept.'),
    corruptMembers: gauge(
      'corrupt_members',
      'Alarms that members hold different keys, as this member has applied them: writes are refused.',
    ),
    noSpace: gauge('no_space', '1 while growth is refused because the disk is almost full.'),
    diskFreeBytes: gauge('disk_free_bytes', 'Free space of the file system that holds the data folder.'),
    diskSizeBytes: gauge('disk_size_bytes', 'Size of the file system that holds the data folder.'),
    revision: gauge('revision', 'Revision of the store.'),
    compactedRevision: gauge('compacted_revision', 'History up to this revision is forgotten.'),
    keys: gauge('keys', 'Keys in the store, leaving out old revisions.'),
    leases: gauge('leases', 'Leases that have not ended.'),
    watchers: gauge('watchers', 'Watches that are open on this member.'),
    slowWatchers: gauge('slow_watchers', 'Watches that do not keep up, and are served from history.'),

    certificateNotAfterSeconds: gauge(
      'certificate_not_after_seconds',
      'When the certificate in use expires, in seconds since 1970.',
      ['use'],
    ),

    httpRequests: counts('http_requests_total', 'Requests answered on the client port.', ['method', 'route', 'code']),
    httpRequestSeconds: labelledSeconds('http_request_seconds', 'Time to answer a request on the client port.', [
      'method',
      'route',
    ]),
    grpcRequests: counts('grpc_requests_total', 'Calls of the etcd API that have ended, over gRPC or its gateway.', [
      'method',
      'code',
    ]),
    grpcRequestSeconds: labelledSeconds(
      'grpc_request_seconds',
      'Time until a call of the etcd API has ended, over gRPC or its gateway; of a stream too.',
      ['method'],
    ),
  };
}
