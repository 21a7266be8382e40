/** `GET /v1/status` and readiness: a member's own view of itself, from what it knows without asking anyone. */
import type { ApiBootstrap, ApiMember, ApiReadiness, ApiRole, ApiStatus } from '../../client/types.ts';
import type { RaftStatus } from '../raft/types.ts';
import type { FoundingRecord, Identity } from '../storage/types.ts';
import type { Membership } from '../store/types.ts';
import { FORMAT } from './format.ts';
import { isQuorumCritical } from './membership-guard.ts';
import type { MemberOptions } from './options.ts';
import type { Phase } from './phase.ts';

export type StatusSources = {
  readonly options: MemberOptions;
  readonly identity: Identity | null;
  readonly phase: Phase;
  readonly uptimeSeconds: number;
  readonly databaseBytes: number;
  readonly logBytes: number;
};

export function buildStatus(sources: StatusSources): ApiStatus {
  const { options, identity, phase } = sources;
  const status: ApiStatus = {
    name: options.name,
    incarnation: identity?.incarnation ?? '',
    peer_address: options.peerAddress,
    client_url: options.clientUrl,
    version: options.version,
    format: FORMAT,
    state: phase.state,
    uptime_seconds: Math.floor(sources.uptimeSeconds),
  };
  const grant = identity?.grant;
  if (grant !== undefined && grant.kind !== 'None') status.cluster_id = grant.record.clusterId;
  if (grant?.kind === 'Founder') status.founding = foundingOf(grant.record);
  if (phase.state === 'Parked' && phase.reason === 'NoData' && options.initialCluster !== undefined) {
    status.initial_cluster = [...options.initialCluster];
  }
  if (phase.state === 'Parked') return { ...status, reason: phase.reason, message: phase.message };

  const { replica } = phase;
  const raft = replica.raftStatus();
  const peers = replica.peers.states();
  Object.assign(status, {
    cluster_id: replica.clusterId,
    member_id: replica.id,
    role: roleOf(raft, replica.membership),
    term: raft.term,
    leader: raft.leader,
    commit: raft.commit,
    applied: replica.store?.appliedIndex ?? 0,
    first_index: raft.firstIndex,
    last_index: raft.lastIndex,
    last_term: raft.lastTerm,
    db_size_bytes: sources.databaseBytes,
    log_size_bytes: sources.logBytes,
    no_space: replica.isSpaceLow,
  });
  if (replica.store !== null) {
    status.cluster_format = replica.store.format;
    status.revision = replica.store.revision;
    status.compacted_revision = replica.store.compactedRevision;
    status.corrupt_members = [...replica.store.corrupt];
  }
  const { membership } = replica;
  if (membership !== null) {
    status.config_index = membership.configIndex;
    status.members = apiMembers(membership, (id) => replica.peers.clientUrlOf(id));
    if (membership.leaving !== null) status.leaving = [...membership.leaving];
    const connected = new Set(peers.filter((peer) => peer.isConnected).map((peer) => peer.id));
    status.quorum_critical = isQuorumCritical(membership, replica.id, (id) => id === replica.id || connected.has(id));
  }
  if (raft.role === 'Leader') {
    const states = new Map(peers.map((peer) => [peer.id, peer]));
    status.peers = raft.peers
      .filter((peer) => peer.id !== replica.id)
      .map((peer) => ({
        id: peer.id,
        match: peer.match,
        state: peer.state,
        last_contact_ms: replica.peers.lastContactMs(peer.id),
        round_trip_ms: states.get(peer.id)?.roundTripMs ?? null,
      }));
  }
  return status;
}

function foundingOf({ clusterId: cluster_id, founders, snapshotPath, snapshotSha256 }: FoundingRecord): ApiBootstrap {
  return {
    cluster_id,
    founders: founders.map(({ id, name, peerAddress: peer_address, incarnation }) => ({
      id,
      name,
      peer_address,
      incarnation,
    })),
    ...(snapshotPath === null ? {} : { snapshot_path: snapshotPath }),
    ...(snapshotSha256 === undefined ? {} : { snapshot_sha256: snapshotSha256 }),
  };
}

export function apiMembers(membership: Membership, clientUrlOf: (id: number) => string | undefined): ApiMember[] {
  return membership.members.map((member) => {
    const url = clientUrlOf(member.id);
    return {
      id: member.id,
      name: member.name,
      peer_address: member.peerAddress,
      incarnation: member.incarnation,
      role: membership.voters.includes(member.id) ? ('Voter' as const) : ('Learner' as const),
      ...(url === undefined ? {} : { client_url: url }),
    };
  });
}

const STALLED = 'RocksDB takes no writes: nothing was applied for several election timeouts';

/** Not ready only after this many election timeouts without a leader: an election alone must not take pods out of service. */
const LEADERLESS_ELECTION_TIMEOUTS = 3;

export function buildReadiness(phase: Phase, options: MemberOptions): ApiReadiness {
  if (phase.state === 'Parked')
    return { ready: false, checks: [{ name: 'state', ok: false, message: `${phase.reason}: ${phase.message}` }] };
  const { replica } = phase;
  const isMember = phase.state === 'Member';
  const limitMs = LEADERLESS_ELECTION_TIMEOUTS * options.timing.electionTimeoutMs;
  const hasLeader = replica.leaderlessMs < limitMs;
  // The others go on answering reads; what this one would answer may be wrong.
  const differs = replica.store?.corrupt.includes(replica.id) ?? false;
  const checks: ApiReadiness['checks'] = [
    isMember
      ? { name: 'caught_up', ok: true }
      : { name: 'caught_up', ok: false, message: 'waiting for its first snapshot, or for the log it had acknowledged' },
    hasLeader
      ? { name: 'leader', ok: true }
      : { name: 'leader', ok: false, message: `no leader known for ${Math.round(replica.leaderlessMs)} ms` },
    differs
      ? { name: 'same_keys', ok: false, message: 'its keys are not those of a quorum (alarm CORRUPT)' }
      : { name: 'same_keys', ok: true },
    // While it lasts, neither a write nor a linearizable read is answered here.
    replica.isStateStalled ? { name: 'storage', ok: false, message: STALLED } : { name: 'storage', ok: true },
  ];
  return { ready: checks.every(({ ok }) => ok), checks };
}

function roleOf(raft: RaftStatus, membership: Membership | null): ApiRole {
  const isVoter =
    membership === null || membership.voters.includes(raft.id) || (membership.leaving?.includes(raft.id) ?? false);
  return raft.role === 'Follower' && !isVoter ? 'Learner' : raft.role;
}
