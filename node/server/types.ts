/**
 * A member as `api/` sees it: every call that a client can cause, in the store's own terms. HTTP and gRPC are
 * two doors to this one room.
 */
import type { ApiErrorCode, ApiMemberState, ApiReadiness, ApiStatus, ParkedReason } from '../../client/types.ts';
import type { FoundingRecord, JoinRecord, RecoveryRecord, SnapshotSource } from '../storage/types.ts';
import type { AuthState } from '../store/auth/state.ts';
import type { StateHash } from '../store/store.ts';
import type {
  Command,
  Failed,
  Lease,
  LeaseId,
  Membership,
  MembershipChange,
  Range,
  RangeResult,
  Result,
  Txn,
  TxnResult,
  Watch,
  WatchOptions,
} from '../store/types.ts';
import type { HeldAnswers } from './held-answers.ts';

export type RequestOptions = {
  /** Counted from now, for everything: waiting for a leader, the quorum, the apply. */
  readonly timeoutMs: number;
  /** False: refuse with `not_leader` where the leader is another member. Default true. */
  readonly mayForward?: boolean;
  readonly signal?: AbortSignal;
};

export type WriteOptions = RequestOptions & {
  /** See `Proposal.authRevision`. */
  readonly authRevision?: number;
  readonly idempotency?: { readonly key: string; readonly fingerprint: Buffer };
};

export type ReadOptions = RequestOptions & {
  readonly consistency: 'linearizable' | 'serializable';
  /** Asked when the read's turn comes; false where whoever has asked is gone. Default: it is wanted. */
  readonly isWanted?: () => boolean;
};

/** Why a request was not carried out; `code` decides the HTTP status and the gRPC code. */
export class RequestError extends Error {
  readonly code: ApiErrorCode;
  readonly detail: { leader?: number; leader_url?: string; revision?: number; compacted_revision?: number };
  constructor(code: ApiErrorCode, message: string, detail: RequestError['detail'] = {}) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
    this.detail = detail;
  }
}

/** A member's watch ends with `RequestError` in place of `StoreError`. */
export type { Watch, WatchBatch, WatchOptions } from '../store/types.ts';
export type { HeldAnswer, HeldAnswers } from './held-answers.ts';

/** Where a serving member stands, at this moment. */
export type MemberPosition = {
  readonly clusterId: string;
  readonly memberId: number;
  readonly term: number;
  /** 0 when none is known. */
  readonly leader: number;
  readonly isLearner: boolean;
  readonly revision: number;
  readonly compactedRevision: number;
};

export type MemberEvent =
  | { readonly kind: 'StateChanged'; readonly state: ApiMemberState; readonly reason: ParkedReason | null }
  | { readonly kind: 'RoleChanged'; readonly role: string; readonly term: number; readonly leader: number }
  | { readonly kind: 'ElectionStarted'; readonly term: number; readonly reason: string }
  | { readonly kind: 'MembershipChanged'; readonly membership: Membership };

/** What a founder begins with, in a file of this machine. */
export type FoundingSnapshot = {
  readonly path: string;
  readonly sha256: string;
  /** When it is no longer needed. */
  release(): Promise<void>;
};

export interface Member {
  /** Those that wait for their clients: whoever sends a large one says so here. */
  readonly answers: HeldAnswers;
  status(): Promise<ApiStatus>;
  readiness(): ApiReadiness;
  /** @throws RequestError while it is parked or joining */
  position(): MemberPosition;
  /** Users and roles as this member has applied them; none while it has no state. */
  auth(): AuthState;
  onEvent(listener: (event: MemberEvent) => void): () => void;

  /** Linearizable write. A `Failed` result means that nothing was changed. Throws `RequestError`. */
  propose(command: Command, options: WriteOptions): Promise<Result>;
  range(range: Range, options: ReadOptions): Promise<RangeResult>;
  /** Carries out a transaction that writes nothing: it reads one moment, without an entry in the log. */
  read(txn: Txn, options: ReadOptions): Promise<TxnResult | Failed>;
  /** Resolves when this member has erased what all compactions so far gave up. */
  erased(): Promise<void>;
  /** Resolves once this member has applied all that was committed when the call was made. */
  readBarrier(options: RequestOptions): Promise<void>;
  watch(options: WatchOptions): Promise<Watch>;

  keepAlive(lease: LeaseId, options: RequestOptions): Promise<{ readonly ttlSeconds: number }>;
  timeToLive(
    lease: LeaseId,
    withKeys: boolean,
    options: RequestOptions,
  ): Promise<{ readonly lease: Lease; readonly remainingSeconds: number; readonly keys: readonly Buffer[] }>;
  leases(options: ReadOptions): Promise<readonly Lease[]>;

  cluster(options: RequestOptions): Promise<{
    readonly clusterId: string;
    readonly membership: Membership;
    readonly clientUrls: ReadonlyMap<number, string>;
  }>;
  bootstrap(record: FoundingRecord): Promise<FoundingRecord>;
  join(record: JoinRecord): Promise<void>;
  recover(record: RecoveryRecord): Promise<void>;
  changeMembership(
    change: MembershipChange,
    expectedConfigIndex: number | null,
    options: RequestOptions,
  ): Promise<{ readonly id: number; readonly configIndex: number }>;
  /** To `to`, or to the most caught-up voter. Resolves with the new leader. */
  transferLeader(to: number | null, options: RequestOptions): Promise<number>;
  /** Members whose disks are almost full, as the leader knows. */
  membersWithoutSpace(options: RequestOptions): Promise<readonly number[]>;
  /** Members whose keys were found to differ, as this member has applied it: see the command `MarkCorrupt`. */
  corruptMembers(): readonly number[];
  /** The hash of all keys as this member has them at a revision; 0 is the newest. */
  hash(revision: number): Promise<StateHash>;
  /** A consistent backup; the caller closes it. */
  openSnapshot(): Promise<SnapshotSource>;
}
