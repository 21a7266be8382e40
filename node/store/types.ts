/**
 * The replicated state machine's commands, results and queries. The semantics are etcd's: the empty store has
 * revision 1, a writing command takes one revision for all that it does, a command that changes nothing takes
 * none. Commands travel in log entries, so their encoding (codec.ts) is a format that must be gated.
 */
import type { AuthChange } from './auth/state.ts';

/** A key, or with `rangeEnd` the keys in [key, rangeEnd); rangeEnd of one zero byte means all keys from `key` on. */
export type Keys = { readonly key: Buffer; readonly rangeEnd: Buffer | null };

/** 0n is no lease. Ids cover the positive int64. */
export type LeaseId = bigint;

export type KeyValue = {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 at creation, one more at each put, starts again after a delete. */
  readonly version: number;
  readonly lease: LeaseId;
};

export type Put = {
  readonly kind: 'Put';
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease: LeaseId;
  readonly returnPrevious: boolean;
  /** Keep the present value (`value` is then empty); the key must exist. */
  readonly ignoreValue: boolean;
  /** Keep the present lease; the key must exist. */
  readonly ignoreLease: boolean;
};

export type DeleteRange = Keys & { readonly kind: 'DeleteRange'; readonly returnPrevious: boolean };

export type SortTarget = 'Key' | 'Version' | 'Create' | 'Mod' | 'Value';

export type Range = Keys & {
  readonly kind: 'Range';
  /** 0 is the newest. */
  readonly revision: number;
  /** 0 is no limit. */
  readonly limit: number;
  /**
   * Ends the page after the item with which keys and values reach this many bytes; `more` then says so. Keeps one read of
   * large values from filling memory. Absent: no bound. A read's own matter: not carried in entries.
   */
  readonly maxBytes?: number;
  readonly sort: { readonly target: SortTarget; readonly descending: boolean } | null;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  /** Bounds on revisions, 0 for none; applied before the limit. */
  readonly minModRevision: number;
  readonly maxModRevision: number;
  readonly minCreateRevision: number;
  readonly maxCreateRevision: number;
};

export type Comparison = 'Equal' | 'NotEqual' | 'Greater' | 'Less';

/**
 * Over a range, every key in it must satisfy. An absent key, or a range with none, compares as zeros; an absent value
 * satisfies nothing. All compares, also those of nested transactions, are over the state before the transaction.
 */
export type Compare = Keys & { readonly comparison: Comparison } & (
    | { readonly target: 'Value'; readonly value: Buffer }
    | { readonly target: 'Create' | 'Mod' | 'Version'; readonly number: number }
    | { readonly target: 'Lease'; readonly lease: LeaseId }
  );

export type TxnOperation = Put | DeleteRange | Range | Txn;

export type Txn = {
  readonly kind: 'Txn';
  readonly compares: readonly Compare[];
  readonly success: readonly TxnOperation[];
  readonly failure: readonly TxnOperation[];
};

export type Compact = { readonly kind: 'Compact'; readonly revision: number };

export type LeaseGrant = { readonly kind: 'LeaseGrant'; readonly id: LeaseId; readonly ttlSeconds: number };
export type LeaseRevoke = { readonly kind: 'LeaseRevoke'; readonly id: LeaseId };
/**
 * Proposed by the leader alone. A lease whose `epoch` (the index of the entry that granted it) has moved is left
 * alone: it was granted anew while this entry was on its way.
 */
export type LeaseExpire = {
  readonly kind: 'LeaseExpire';
  readonly leases: readonly { readonly id: LeaseId; readonly epoch: number }[];
};
/** Keeps a long lease from starting anew at each change of leader (etcd issue 9888). */
export type LeaseCheckpoint = {
  readonly kind: 'LeaseCheckpoint';
  readonly leases: readonly { readonly id: LeaseId; readonly remainingSeconds: number }[];
};

export type ChangeMembership = {
  readonly kind: 'ChangeMembership';
  /** Checked again at apply; the change is void when another one was applied first. */
  readonly expectedConfigIndex: number;
  readonly change: MembershipChange;
};

export type MembershipChange =
  | { readonly kind: 'AddLearner'; readonly name: string; readonly peerAddress: string; readonly incarnation: string }
  /** Whoever is then added from this peer address claims it. Until then it has no name, and is not promoted. */
  | { readonly kind: 'AddUnclaimed'; readonly peerAddress: string }
  | { readonly kind: 'UpdateAddress'; readonly id: number; readonly peerAddress: string }
  | { readonly kind: 'Promote'; readonly id: number }
  | { readonly kind: 'Remove'; readonly id: number }
  /** Exactly these become the voters, by one joint change; voters left out leave the cluster. */
  | { readonly kind: 'ReplaceVoters'; readonly voters: readonly number[] };

/** Users, roles, and whether they count. */
export type ChangeAuth = { readonly kind: 'ChangeAuth'; readonly change: AuthChange };

/** Raises the cluster's format, never lowers it. */
export type RaiseFormat = { readonly kind: 'RaiseFormat'; readonly format: number };

/**
 * Members whose keys are found to differ from those of a quorum, or 0 where no quorum agrees; with `isCorrupt` false they
 * are taken to be sound again. While one is marked, keys and leases stay as they are.
 */
export type MarkCorrupt = {
  readonly kind: 'MarkCorrupt';
  readonly members: readonly number[];
  readonly isCorrupt: boolean;
};

export type Command =
  | Put
  | DeleteRange
  | Range
  | Txn
  | Compact
  | LeaseGrant
  | LeaseRevoke
  | LeaseExpire
  | LeaseCheckpoint
  | ChangeMembership
  | RaiseFormat
  | ChangeAuth
  | MarkCorrupt;

/** What an entry carries. `origin` and `sequence` let the member that took the request find who waits for it. */
export type Proposal = {
  /** Drawn at random at each start of a process: 48 bits. */
  readonly origin: number;
  readonly sequence: number;
  /** Leader time when it was appended, no wall clock; the store's own never goes back (see `Store.timeMs`). */
  readonly timeMs: number;
  /** Applied once: a second entry of the same key gets the first one's answer. */
  readonly idempotency: {
    readonly key: string /** SHA-256 of the request, 32 bytes. */;
    readonly fingerprint: Buffer;
  } | null;
  /**
   * The revision of users and roles at which whoever asked was found to have the right to it; absent where nobody was asked.
   * When they have changed by the time it is applied, it is refused.
   */
  readonly authRevision?: number;
  readonly command: Command;
};

export type StoreErrorCode =
  | 'compacted'
  | 'future_revision'
  | 'key_not_found' // ignoreValue or ignoreLease on an absent key
  | 'lease_not_found'
  | 'lease_exists'
  | 'duplicate_key' // one key written twice in one branch of a transaction
  | 'invalid_request'
  | 'too_large' // what the reads of a write would answer
  | 'idempotency_key_reused' // the same key with another request
  | 'too_many_idempotency_keys'
  | 'config_index_mismatch'
  | 'member_exists' // name, address or incarnation is held
  | 'member_not_found'
  | 'not_a_learner'
  | 'configuration_joint'
  | 'last_voter'
  | 'auth_refused' // a change of users and roles; the message is etcd's
  | 'auth_outdated' // they have changed since the right to it was looked up
  | 'corrupt'; // members hold different keys

export type Failed = { readonly kind: 'Failed'; readonly code: StoreErrorCode; readonly message: string };

export type PutResult = { readonly kind: 'Put'; readonly revision: number; readonly previous: KeyValue | null };
export type DeleteRangeResult = {
  readonly kind: 'DeleteRange';
  readonly revision: number;
  readonly deleted: number;
  readonly previous: readonly KeyValue[];
};
export type RangeResult = {
  readonly kind: 'Range';
  /** The store's revision when the range was read, whatever revision was asked for. */
  readonly revision: number;
  readonly items: readonly KeyValue[];
  /** All keys in the range, whatever the limit and the bounds on revisions (as etcd counts). */
  readonly count: number;
  readonly more: boolean;
};
export type TxnResult = {
  readonly kind: 'Txn';
  readonly revision: number;
  readonly succeeded: boolean;
  readonly results: readonly (PutResult | DeleteRangeResult | RangeResult | TxnResult)[];
};
export type CompactResult = { readonly kind: 'Compact'; readonly revision: number; readonly compactedRevision: number };
export type LeaseResult = {
  readonly kind: 'Lease';
  readonly revision: number;
  readonly id: LeaseId;
  readonly ttlSeconds: number;
};
export type LeasesResult = {
  readonly kind: 'Leases';
  readonly revision: number;
  readonly affected: readonly LeaseId[];
};
export type MembershipResult = {
  readonly kind: 'Membership';
  readonly membership: Membership;
  /** The id of the member that an AddLearner has added. */
  readonly id: number;
};
export type AuthResult = { readonly kind: 'Auth'; readonly revision: number; readonly authRevision: number };
/** The result of a MarkCorrupt: the members that it changed, in order. */
export type CorruptResult = { readonly kind: 'Corrupt'; readonly members: readonly number[] };
export type FormatResult = { readonly kind: 'Format'; readonly format: number };

export type Result =
  | PutResult
  | DeleteRangeResult
  | RangeResult
  | TxnResult
  | CompactResult
  | LeaseResult
  | LeasesResult
  | MembershipResult
  | FormatResult
  | AuthResult
  | CorruptResult
  | Failed;

/**
 * One member of the cluster. Ids count up from 1 and are never used again; name, address and incarnation are unique.
 * Name and incarnation are empty while nobody has claimed it.
 */
export type MemberRecord = {
  readonly id: number;
  readonly name: string;
  readonly peerAddress: string;
  readonly incarnation: string;
};

/** The one truth about who belongs to the cluster, replicated. */
export type Membership = {
  /** Index of the entry that made it; the founding's is 1. */
  readonly configIndex: number;
  readonly lastMemberId: number;
  /** In order of id: voters of both halves and learners. */
  readonly members: readonly MemberRecord[];
  readonly voters: readonly number[];
  /** The old half while a joint change is under way. */
  readonly leaving: readonly number[] | null;
};

export type KeyEvent = {
  readonly kind: 'Put' | 'Delete';
  /** A delete has an empty value, version 0 and createRevision 0. */
  readonly item: KeyValue;
};

/** A committed entry, decoded at the door of the store. `proposal` is null for a leader's empty first entry and for leaving a joint configuration. */
export type CommittedEntry = {
  readonly index: number;
  readonly term: number;
  readonly isConfiguration: boolean;
  readonly proposal: Proposal | null;
};

export type Lease = {
  readonly id: LeaseId;
  /** As granted. */
  readonly ttlSeconds: number;
  /** Seconds left at the last checkpoint; the granted ones when there was none. */
  readonly remainingSeconds: number;
  /** Index of the entry that granted it. */
  readonly epoch: number;
};

export type WatchOptions = Keys & {
  /** First revision wanted; 0 means from now. May be in the future. */
  readonly startRevision: number;
  readonly returnPrevious: boolean;
  readonly skipPuts?: boolean;
  readonly skipDeletes?: boolean;
};

/** `previous` is null where it was not asked for, where the key was absent before, and where it is compacted. */
export type WatchedEvent = KeyEvent & { readonly previous: KeyValue | null };

/** All events of one revision that this watch wants, or with none a mark that everything through it was delivered. */
export type WatchBatch = { readonly revision: number; readonly events: readonly WatchedEvent[] };

/**
 * Batches in order of revision, no gap, no repeat. The consumer pulls: one that is slow is served from history,
 * and memory held for it stays bounded. Ends with a `StoreError` of code `compacted` when history is gone.
 */
export interface Watch extends AsyncIterable<WatchBatch> {
  /** The store's revision when the watch was made. */
  readonly revision: number;
  /** Asks for a mark, which comes in its turn: after everything that happened before the call. */
  requestProgress(): void;
  /** At once where one is at hand; null after the last. One call at a time, by whoever does not iterate. */
  next(): WatchBatch | null | Promise<WatchBatch | null>;
  /** Ends the iteration; a waiting `next` resolves as done. */
  close(): void;
}
