/** Reads a member's present state into the gauges, once a scrape: nothing has to be kept up to date in between. */
import type { ApiMemberState, ApiRole, ApiStatus, ParkedReason } from '../../client/types.ts';
import type { MemberCounts } from '../server/member.ts';
import type { PeerState } from '../transport/types.ts';
import type { Metrics } from './metrics.ts';

export type MetricSources = {
  status(): Promise<ApiStatus>;
  isReady(): boolean;
  /** The size and the free space of the file system that holds the data folder. */
  disk(): Promise<{ readonly freeBytes: number; readonly sizeBytes: number }>;
  /** When each certificate expires; empty without TLS. */
  certificates(): readonly { readonly use: 'peer' | 'client'; readonly notAfterMs: number }[];
  /** Empty while parked. */
  peers(): readonly PeerState[];
  /** All zero while parked. */
  counts(): MemberCounts;
};

const states: readonly ApiMemberState[] = ['Parked', 'Joining', 'Member'];
const reasons: readonly ParkedReason[] = [
  'NoData',
  'NotAMember',
  'Removed',
  'ForeignCluster',
  'Damaged',
  'NewerFormat',
];
const roles: readonly ApiRole[] = ['Leader', 'Follower', 'Candidate', 'PreCandidate', 'Learner'];

export async function collect(metrics: Metrics, sources: MetricSources): Promise<void> {
  const [status, disk] = await Promise.all([sources.status(), sources.disk()]);
  collectStatus(metrics, status);
  metrics.ready.set(sources.isReady() ? 1 : 0);
  metrics.diskFreeBytes.set(disk.freeBytes);
  metrics.diskSizeBytes.set(disk.sizeBytes);
  for (const { use, notAfterMs } of sources.certificates()) {
    metrics.certificateNotAfterSeconds.set({ use }, notAfterMs / 1000);
  }
  collectPeers(metrics, status, sources.peers());
  const counts = sources.counts();
  metrics.proposalsPending.set(counts.proposalsPending);
  metrics.keys.set(counts.keys);
  metrics.leases.set(counts.leases);
  metrics.watchers.set(counts.watchers);
  metrics.slowWatchers.set(counts.slowWatchers);
}

function collectStatus(metrics: Metrics, status: ApiStatus): void {
  metrics.info.set({ version: status.version, format: String(status.format) }, 1);
  for (const state of states) metrics.state.set({ state }, state === status.state ? 1 : 0);
  for (const role of roles) metrics.role.set({ role }, role === status.role ? 1 : 0);
  for (const reason of reasons) metrics.parked.set({ reason }, reason === status.reason ? 1 : 0);
  metrics.memberId.set(status.member_id ?? 0);
  metrics.leaderId.set(status.leader ?? 0);
  metrics.quorumCritical.set(status.quorum_critical === true ? 1 : 0);
  metrics.configIndex.set(status.config_index ?? 0);
  metrics.firstIndex.set(status.first_index ?? 0);
  metrics.lastIndex.set(status.last_index ?? 0);
  metrics.term.set(status.term ?? 0);
  metrics.leaderKnown.set((status.leader ?? 0) === 0 ? 0 : 1);
  metrics.commitIndex.set(status.commit ?? 0);
  metrics.appliedIndex.set(status.applied ?? 0);
  const members = status.members ?? [];
  metrics.members.set({ role: 'Voter' }, members.filter(({ role }) => role === 'Voter').length);
  metrics.members.set({ role: 'Learner' }, members.filter(({ role }) => role === 'Learner').length);
  metrics.storeSizeBytes.set(status.db_size_bytes ?? 0);
  metrics.logSizeBytes.set(status.log_size_bytes ?? 0);
  metrics.corruptMembers.set(status.corrupt_members?.length ?? 0);
  metrics.noSpace.set(status.no_space === true ? 1 : 0);
  metrics.revision.set(status.revision ?? 0);
  metrics.compactedRevision.set(status.compacted_revision ?? 0);
}

function collectPeers(metrics: Metrics, status: ApiStatus, peers: readonly PeerState[]): void {
  // Emptied first, so that a removed member does not stay for ever.
  metrics.peerEntriesBehind.reset();
  for (const { id, match } of status.peers ?? []) {
    metrics.peerEntriesBehind.set({ peer: String(id) }, Math.max(0, (status.last_index ?? 0) - match));
  }
  const totals = [
    [metrics.peerSentBytes, 'bytesSent'],
    [metrics.peerReceivedBytes, 'bytesReceived'],
    [metrics.peerSentMessages, 'messagesSent'],
    [metrics.peerReceivedMessages, 'messagesReceived'],
    [metrics.peerDroppedMessages, 'messagesDropped'],
  ] as const;
  metrics.peerConnected.reset();
  metrics.peerRoundTripSeconds.reset();
  for (const [counter] of totals) counter.reset();
  for (const peer of peers) {
    const labels = { peer: String(peer.id) };
    metrics.peerConnected.set(labels, peer.isConnected ? 1 : 0);
    if (peer.roundTripMs !== null) metrics.peerRoundTripSeconds.set(labels, peer.roundTripMs / 1000);
    for (const [counter, total] of totals) counter.inc(labels, peer[total]);
  }
}
