/**
 * The HTTP API in types: what docs/contract.md says in prose. Revisions and indexes are JSON numbers (below 2^53),
 * lease ids decimal strings (int64). A key or value that is not UTF-8 text comes, and may be sent, as
 * `key_base64` / `value_base64` in place of `key` / `value`.
 *
 * Paths beyond those of docs/contract.md (KEY is percent-encoded, `/` as `%2F` or as it is):
 *
 *   GET PUT DELETE /v1/kv/KEY    raw value; a key that a path cannot carry (not UTF-8, `.`, `..`): /v1/kv?key_base64=
 *   GET /v1/kv, GET /v1/watch    take prefix_base64, from_base64, key_base64 in place of prefix, from, key
 *   GET /v1/kv/KEY answers with the headers of `apiHeaders` below
 *   POST /v1/leases              ApiLeaseGrant -> ApiLeaseAnswer
 *   GET /v1/leases               -> ApiLeases
 *   GET /v1/leases/ID?keys=true  -> ApiLeaseStatus
 *   POST /v1/leases/ID/keepalive -> ApiKeepAliveAnswer
 *   DELETE /v1/leases/ID         -> ApiLeaseRevokeAnswer
 *   POST /v1/compact             ApiCompact -> ApiCompactAnswer
 *   GET /readyz?verbose          -> ApiReadiness
 *
 * `?timeout=` is a number of seconds with an optional fraction, everywhere.
 */

/** The headers of an answer to `GET /v1/kv/KEY`, whose body is the raw value. `revision` is the store's; the others are the key's. */
export const apiHeaders = {
  revision: 'x-quorate-revision',
  createRevision: 'x-quorate-create-revision',
  version: 'x-quorate-version',
  /** Absent when the key has no lease. */
  lease: 'x-quorate-lease',
} as const;

export type ApiKeyValue = {
  key?: string;
  key_base64?: string;
  value?: string;
  value_base64?: string;
  create_revision: number;
  mod_revision: number;
  version: number;
  /** Absent when the key has no lease. */
  lease?: string;
};

export type ApiPutAnswer = { revision: number; previous?: ApiKeyValue };
export type ApiDeleteAnswer = { revision: number; deleted: number; previous?: ApiKeyValue[] };
export type ApiRangeAnswer = {
  revision: number;
  items: ApiKeyValue[];
  count: number;
  more: boolean;
  /** Give it back as `?cursor=` for the next page: it holds the position and the revision of the first page. */
  cursor?: string;
};

/** `range_end` or `prefix: true` widens a comparison or an operation from one key to many. */
export type ApiKeys = {
  key?: string;
  key_base64?: string;
  range_end?: string;
  range_end_base64?: string;
  prefix?: boolean;
};

/** Exactly one of the targets. `exists: true` is short for "create_revision is not 0". */
export type ApiCompare = ApiKeys & {
  comparison?: '=' | '!=' | '>' | '<';
  value?: string;
  value_base64?: string;
  create_revision?: number;
  mod_revision?: number;
  version?: number;
  lease?: string;
  exists?: boolean;
};

export type ApiOperation =
  | { put: ApiKeys & { value?: string; value_base64?: string; lease?: string; prev?: boolean } }
  | { delete: ApiKeys & { prev?: boolean } }
  | { get: ApiKeys & { limit?: number; keys_only?: boolean; count_only?: boolean } }
  | { txn: ApiTxn };

export type ApiTxn = { if?: ApiCompare[]; then?: ApiOperation[]; else?: ApiOperation[] };

export type ApiTxnAnswer = {
  revision: number;
  succeeded: boolean;
  results: ({ put: ApiPutAnswer } | { delete: ApiDeleteAnswer } | { get: ApiRangeAnswer } | { txn: ApiTxnAnswer })[];
};

/** Data of a Server-Sent Event named `events`; its `id:` is the revision. All events of a revision come together. */
export type ApiWatchEvents = {
  revision: number;
  events: { type: 'put' | 'delete'; item: ApiKeyValue; previous?: ApiKeyValue }[];
};
/**
 * Event named `progress`: everything through `revision` has been delivered. Sent on start and when quiet; its `id:` is
 * the revision too. With `Last-Event-ID: R` a watch goes on at revision R + 1.
 * A watch that cannot go on ends with an event named `failure` whose data is an ApiErrorBody (`compacted`, `stopping`, ...).
 */
export type ApiWatchProgress = { revision: number };

/** Without `id` the member chooses one. */
export type ApiLeaseGrant = { id?: string; ttl_seconds: number };
export type ApiKeepAliveAnswer = { id: string; ttl_seconds: number };
export type ApiLeaseRevokeAnswer = { revision: number };
export type ApiCompact = { revision: number };
export type ApiCompactAnswer = { revision: number; compacted_revision: number };

export type ApiLeaseAnswer = { id: string; ttl_seconds: number; revision: number };
export type ApiLeaseStatus = {
  id: string;
  ttl_seconds: number;
  remaining_seconds: number;
  keys?: string[] /** Those that are not UTF-8. */;
  keys_base64?: string[];
};
export type ApiLeases = { leases: { id: string; ttl_seconds: number }[] };

export type ApiMember = {
  id: number;
  name: string;
  peer_address: string;
  incarnation: string;
  role: 'Voter' | 'Learner';
  /** Known once that member has connected. */
  client_url?: string;
};

export type ApiCluster = {
  cluster_id: string;
  config_index: number;
  members: ApiMember[];
  /** Ids of the old half while a joint change is under way. */
  leaving?: number[];
};

export type ParkedReason = 'NoData' | 'NotAMember' | 'Removed' | 'ForeignCluster' | 'Damaged' | 'NewerFormat';
export type ApiMemberState = 'Parked' | 'Joining' | 'Member';
export type ApiRole = 'Leader' | 'Follower' | 'Candidate' | 'PreCandidate' | 'Learner';

/** `GET /v1/status`: this member's own view, answered in every state. */
export type ApiStatus = {
  name: string;
  incarnation: string;
  peer_address: string;
  client_url: string;
  version: string;
  /** The highest that this member's build speaks. */
  format: number;
  /** What the cluster speaks: it rises when all members can, and older builds then stop. */
  cluster_format?: number;
  state: ApiMemberState;
  /** Why a member is parked; `message` is a sentence that says what to do. */
  reason?: ParkedReason;
  message?: string;
  /** Accepted founding record's cluster id, also before the cluster has formed. */
  cluster_id?: string;
  /** The record that it was founded with, so that a forming that broke off half way goes on with exactly this one. */
  founding?: ApiBootstrap;
  /** With whom a parked member was told to form: the members by `NAME=CLIENT_URL`, itself too, sorted. All must agree. */
  initial_cluster?: string[];
  member_id?: number;
  role?: ApiRole;
  term?: number;
  leader?: number;
  commit?: number;
  applied?: number;
  last_index?: number;
  /** The term of the entry at last_index: of two logs the one with the higher term is more advanced, else the longer (Raft paper 5.4.1). */
  last_term?: number;
  first_index?: number;
  config_index?: number;
  revision?: number;
  compacted_revision?: number;
  db_size_bytes?: number;
  log_size_bytes?: number;
  members?: ApiMember[];
  leaving?: number[];
  /** True when stopping this member now would leave the cluster without a quorum. Null when it cannot know. */
  quorum_critical?: boolean | null;
  /** True while free space is below the low-water mark and growth is refused. */
  no_space?: boolean;
  /** Members whose keys were found to differ from those of a quorum, 0 for nobody knows whose: writes are refused. */
  corrupt_members?: number[];
  /** What the leader knows of each peer; absent elsewhere. */
  peers?: {
    id: number;
    match: number;
    state: 'Probe' | 'Replicate' | 'Snapshot';
    last_contact_ms: number | null;
    round_trip_ms: number | null;
  }[];
  uptime_seconds: number;
};

export type ApiFounder = { id: number; name: string; peer_address: string; incarnation: string };
export type ApiBootstrap = {
  cluster_id: string;
  founders: ApiFounder[];
  /** A file that each founder can read, or an http(s) URL; in answers a URL has lost its query. */
  snapshot_path?: string;
  /** SHA-256 of that file. Answers always have it: send the first founder's answer to the others. */
  snapshot_sha256?: string;
};
export type ApiAddMember = { name: string; peer_address: string; incarnation: string; expected_config_index?: number };
export type ApiAddMemberAnswer = { id: number; config_index: number };
export type ApiExpected = { expected_config_index?: number };
export type ApiConfigAnswer = { config_index: number };
export type ApiReplaceVoters = { voters: number[]; expected_config_index?: number };
export type ApiJoin = {
  cluster_id: string;
  member_id: number;
  incarnation: string;
  peers: { id: number; peer_address: string; incarnation: string }[];
};
export type ApiTransfer = { to?: number };
export type ApiTransferAnswer = { leader: number };
export type ApiRecover = { cluster_id: string; nonce: string };
export type ApiVersion = { etcdserver: string; etcdcluster: string; quorate: string };

/** The answer of join and recover. */
export type ApiOk = { ok: true };

/** Data of an event named `cluster` of `GET /v1/events`, sent several times a second: every member as the answering one sees it. */
export type ApiClusterView = { time_ms: number; members: ApiMemberView[] };
export type ApiMemberView = {
  /** Absent of a member that belongs to no cluster yet. */
  id?: number;
  name: string;
  client_url?: string;
  /** The member that answers. */
  is_self: boolean;
  /** The newest that is known; absent before the first, and beside an `error`. */
  status?: ApiStatus;
  /** Why there is no status. */
  error?: string;
};

/** Data of an event named `member` of `GET /v1/events`: what happened to the answering member. */
export type ApiMemberEvent = { time_ms: number } & (
  | { kind: 'StateChanged'; state: ApiMemberState; reason?: ParkedReason }
  | { kind: 'RoleChanged'; role: string; term: number; leader: number }
  | { kind: 'ElectionStarted'; term: number; reason: string }
  | { kind: 'MembershipChanged'; config_index: number; voters: number[]; members: number[] }
);

export type ApiReadiness = { ready: boolean; checks: { name: string; ok: boolean; message?: string }[] };

/** Every error of the API, whatever its status. */
export type ApiErrorBody = {
  error: {
    code: ApiErrorCode;
    message: string;
    leader?: number;
    leader_url?: string;
    revision?: number;
    compacted_revision?: number;
  };
};

export type ApiErrorCode =
  // 400
  | 'invalid_request'
  | 'duplicate_key'
  | 'future_revision'
  // 401, 403
  | 'unauthenticated'
  | 'permission_denied'
  // 404
  | 'key_not_found'
  | 'lease_not_found'
  | 'member_not_found'
  | 'not_found'
  // 405
  | 'method_not_allowed'
  // 409
  | 'lease_exists'
  | 'member_exists'
  | 'config_index_mismatch'
  | 'configuration_pending'
  | 'configuration_joint'
  | 'not_a_learner'
  | 'learner_not_in_sync'
  | 'last_voter'
  | 'quorum_at_risk'
  | 'auth_refused'
  | 'auth_outdated'
  | 'grant_conflict'
  | 'transfer_failed'
  | 'not_parked'
  // 410
  | 'compacted'
  // 412
  | 'precondition_failed'
  // 413
  | 'too_large'
  // 421
  | 'not_leader'
  // 422
  | 'idempotency_key_reused'
  // 429
  | 'overloaded'
  | 'too_many_idempotency_keys'
  // 500
  | 'internal'
  | 'corrupt'
  // 503
  | 'no_leader'
  | 'not_ready'
  | 'parked'
  | 'stopping'
  // 504: the outcome is unknown; a retry is safe only with an Idempotency-Key
  | 'timeout'
  | 'outcome_unknown'
  // 507
  | 'no_space';
