/**
 * What goes into the Raft core and what comes out of it, as plain values.
 * Semantics follow etcd-io/raft with asynchronous storage writes: nothing that needs to be durable is
 * acknowledged before the driver reports it so.
 */

/** A member's number, chosen when it is added and never used again. 0 means none. */
export type MemberId = number;
export const NO_MEMBER: MemberId = 0;

export const EntryKind = { Normal: 0, Configuration: 1 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/**
 * One entry of the replicated log. `data` is opaque to the core; a Normal entry with empty data is a new
 * leader's first entry (thesis section 6.4), a Configuration entry with empty data leaves a joint configuration.
 */
export type Entry = {
  readonly term: number;
  readonly index: number;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
};

/**
 * Who counts (thesis chapter 4). `leaving` is the old half of a joint configuration (section 4.3), null outside
 * of one. Lists are sorted and without repeats; a learner is in neither half of the voters.
 */
export type Configuration = {
  readonly voters: readonly MemberId[];
  readonly leaving: readonly MemberId[] | null;
  readonly learners: readonly MemberId[];
};

/** What must be durable before a message that depends on it leaves (thesis figure 3.1, "persistent state"). */
export type HardState = { readonly term: number; readonly vote: MemberId; readonly commit: number };

/** Position and configuration that a snapshot of the state machine stands for. */
export type SnapshotMetadata = {
  readonly index: number;
  readonly term: number;
  readonly configuration: Configuration;
};

type Addressed = { readonly from: MemberId; readonly to: MemberId; readonly term: number };

export type AppendRequest = Addressed & {
  readonly kind: 'AppendRequest';
  readonly previousIndex: number;
  readonly previousTerm: number;
  readonly entries: readonly Entry[];
  readonly commit: number;
};

/** `index` is the last index that now matches, or when rejected the `previousIndex` that did not. */
export type AppendResponse = Addressed & {
  readonly kind: 'AppendResponse';
  readonly index: number;
  readonly rejected: boolean;
  /** The highest position where the follower's log may agree with the leader's. 0 when not rejected or unknown. */
  readonly hintIndex: number;
  readonly hintTerm: number;
};

/** `term` of a pre-vote is the term that the candidate would campaign in (thesis section 9.6). */
export type VoteRequest = Addressed & {
  readonly kind: 'VoteRequest';
  readonly isPreVote: boolean;
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** Campaigns on the leader's own wish: followers do not withhold the vote because of its lease. */
  readonly isTransfer: boolean;
};

export type VoteResponse = Addressed & {
  readonly kind: 'VoteResponse';
  readonly isPreVote: boolean;
  readonly granted: boolean;
};

/** `readCounter` is the highest confirmation round that this heartbeat stands for (thesis section 6.4). */
export type Heartbeat = Addressed & {
  readonly kind: 'Heartbeat';
  readonly commit: number;
  readonly readCounter: number;
};

export type HeartbeatResponse = Addressed & { readonly kind: 'HeartbeatResponse'; readonly readCounter: number };

/**
 * Stepped by the receiving driver itself, once every chunk of the snapshot is there and verified; the content
 * never passes through the core.
 */
export type InstallSnapshot = Addressed & { readonly kind: 'InstallSnapshot'; readonly snapshot: SnapshotMetadata };

/** A follower asks its leader for a read index. `requestId` is the asking core's own, drawn so that it fits no earlier life's. */
export type ReadIndexRequest = Addressed & { readonly kind: 'ReadIndexRequest'; readonly requestId: number };
export type ReadIndexResponse = Addressed & {
  readonly kind: 'ReadIndexResponse';
  readonly requestId: number;
  readonly index: number;
};

/** Tells the chosen successor to campaign at once (thesis section 3.10). */
export type TimeoutNow = Addressed & { readonly kind: 'TimeoutNow' };

export type Message =
  | AppendRequest
  | AppendResponse
  | VoteRequest
  | VoteResponse
  | Heartbeat
  | HeartbeatResponse
  | InstallSnapshot
  | ReadIndexRequest
  | ReadIndexResponse
  | TimeoutNow;

/**
 * What the driver has to make durable, as one batch, in the order handed out. Entries replace everything in the log
 * from the first one's index on. When all of it and all before it is durable: send `replies` to the peers, then hand
 * `token` to `Raft.appended`; the last token of several batches written together stands for all of them.
 *
 * A new commit index alone makes no batch, unless it commits a configuration; it travels with the next one. A batch without hard state, entries and
 * snapshot needs no write: its replies only wait for the batches before it.
 */
export type AppendToLog = {
  readonly hardState: HardState | null;
  readonly entries: readonly Entry[];
  /** Set when a staged snapshot has to be installed first; the log then restarts at its index + 1. */
  readonly snapshot: SnapshotMetadata | null;
  readonly replies: readonly Message[];
  readonly token: AppendToken;
};

/**
 * Names what was made durable. `sequence` is the core's own count of batches: it remembers what each still proves when
 * the log was truncated and grew again meanwhile (ABA). The rest is for checks and logs.
 */
export type AppendToken = {
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly snapshotIndex: number;
  readonly sequence: number;
};

export type ReadReady = { readonly requestId: number; readonly index: number };

/** Everything that the core wants done, in the order of the fields. */
export type Output = {
  /** To be sent to peers at once; none of them depends on something not yet durable. */
  readonly messages: readonly Message[];
  readonly append: AppendToLog | null;
  /**
   * Committed and durable here: apply in order, then report with `Raft.applied`. A leader's Configuration entries come
   * only when a quorum durably knows them to be committed.
   */
  readonly committed: readonly Entry[];
  /** Reads that may be answered once `index` is applied here. */
  readonly reads: readonly ReadReady[];
  /** Reads that will get no answer (leadership lost, no leader): ask again or refuse. */
  readonly droppedReads: readonly number[];
  /** Followers that are too far behind for the log: stream a snapshot, then call `Raft.reportSnapshot`. */
  readonly snapshotsNeeded: readonly MemberId[];
  /** What an observer may want to count or log. */
  readonly events: readonly RaftEvent[];
};

export type Role = 'Follower' | 'PreCandidate' | 'Candidate' | 'Leader';

export type ElectionReason = 'Timeout' | 'LeaderLost' | 'Transfer' | 'Single';

export type RaftEvent =
  | { readonly kind: 'RoleChanged'; readonly role: Role; readonly term: number; readonly leader: MemberId }
  | { readonly kind: 'ElectionStarted'; readonly term: number; readonly reason: ElectionReason }
  | { readonly kind: 'ElectionWon'; readonly term: number }
  | {
      readonly kind: 'ElectionLost';
      readonly term: number;
      readonly why: 'Rejected' | 'OtherLeader' | 'HigherTerm' | 'TimedOut' | 'Yielded';
    }
  | {
      readonly kind: 'SteppedDown';
      readonly term: number;
      readonly why: 'HigherTerm' | 'NoQuorum' | 'DiskStalled' | 'StateStalled' | 'Removed' | 'Transferred';
    }
  | { readonly kind: 'TransferAborted'; readonly to: MemberId };

/** Why the core does not take a proposal. Nothing of it was appended. */
export type Refusal =
  | 'NotLeader' // also when there is no leader
  | 'LeadershipTransfer' // being handed over: ask again shortly
  | 'UncommittedLimit' // too many bytes wait for a quorum: back off
  | 'UnappliedLimit' // too many committed bytes wait to be applied here: back off
  | 'ConfigurationPending' // an earlier change is not applied yet
  | 'JointConfiguration' // a joint configuration is not left yet
  | 'NotCommittedInTerm'; // a new leader must commit in its term first (the single-server bug, Ongaro 2015)

export type Proposed =
  | { readonly accepted: true; readonly term: number; readonly firstIndex: number }
  | { readonly accepted: false; readonly reason: Refusal };

/** One peer as its leader sees it. */
export type PeerProgress = {
  readonly id: MemberId;
  readonly match: number;
  readonly next: number;
  readonly state: 'Probe' | 'Replicate' | 'Snapshot';
  readonly isLearner: boolean;
  readonly isRecentlyActive: boolean;
};

export type RaftStatus = {
  readonly id: MemberId;
  readonly role: Role;
  readonly term: number;
  readonly vote: MemberId;
  readonly leader: MemberId;
  readonly commit: number;
  readonly applied: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** The term of the entry at lastIndex. */
  readonly lastTerm: number;
  readonly durableIndex: number;
  readonly configuration: Configuration;
  readonly transferee: MemberId;
  /** True when this leader has committed an entry of its own term. */
  readonly hasCommittedInTerm: boolean;
  readonly peers: readonly PeerProgress[];
};

export type RaftOptions = {
  readonly id: MemberId;
  /** Randomized per campaign over [electionTicks, 2 * electionTicks). */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly maxEntriesBytesPerMessage: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly maxUncommittedBytes: number;
  /** A leader whose own append stays undurable this long steps down, and does not campaign until it moves. */
  readonly diskStallTicks: number;
  /**
   * With more than this committed and not applied a leader takes no proposals, and a follower acknowledges nothing, so
   * that its leader's window closes: what waits in memory stays bounded. Elections and heartbeats go on.
   */
  readonly maxUnappliedBytes: number;
  /** Committed entries handed out at once, at most; more follow after `applied`. */
  readonly maxCommittedBytesPerOutput: number;
  /** Uniform in [0, 1). The only randomness. */
  readonly random: () => number;
};

/** What a restarted member had made durable. `base` is the position just before the first entry. */
export type RestoredState = {
  readonly hardState: HardState;
  readonly base: { readonly index: number; readonly term: number };
  readonly entries: readonly Entry[];
  readonly configuration: Configuration;
  /**
   * Index of the entry that made `configuration`. It may be above `applied`: older Configuration entries that are
   * then applied once more must not bring the older configuration back.
   */
  readonly configurationIndex: number;
  /** May be above the hard state's commit index: applied implies committed. */
  readonly applied: number;
  /**
   * Until `applied` reaches this index the member neither campaigns nor votes: it may not yet know the
   * configuration that it acknowledged before the restart. Not above what `hardState.commit` or `applied` prove.
   */
  readonly mustReapplyThrough: number;
};

/**
 * The core of one member. Every call is synchronous and touches nothing outside; after any number of calls the
 * driver takes the `Output` and carries it out.
 */
export interface RaftCore {
  /** The parts of `status()` that are looked at in every turn. */
  readonly role: Role;
  readonly term: number;
  readonly leader: MemberId;
  step(message: Message): void;
  /**
   * True when there is something to carry out; most ticks only count.
   * @param isStateStalled what is committed cannot be applied here, and has not been for long: a leader steps down if
   *   another voter is there, and does not campaign meanwhile
   */
  tick(isStateStalled?: boolean): boolean;
  /** Normal entries, all or none. */
  propose(data: readonly Uint8Array[]): Proposed;
  proposeConfiguration(data: Uint8Array): Proposed;
  /**
   * The outcome of the applied Configuration entry at `index`; the present configuration when the entry turned out
   * void. Ignored when a newer one is already in use (re-applied after a restart, or overtaken by a snapshot). Until it
   * is called that entry counts as pending, even if `applied` has passed it.
   */
  applyConfiguration(index: number, configuration: Configuration): void;
  /** Joins the next confirmation round; answered in `Output.reads` or `Output.droppedReads`. */
  readIndex(requestId: number): void;
  /** On the leader. Bounded by an election timeout, then `TransferAborted`. False when it cannot start. */
  transferLeadership(to: MemberId): boolean;
  /** The stream from this leader ended without a goodbye: its lease no longer withholds votes here. */
  forgetLeader(leader: MemberId): void;
  /** Pre-campaigns now, unless leader, learner or not ready. While a campaign is under way it asks silent voters again. */
  campaign(reason: Exclude<ElectionReason, 'Transfer'>): void;
  /** Tells a leader that what was on its way to this peer is probably lost. */
  reportUnreachable(peer: MemberId): void;
  /** On the leader: ends what `snapshotsNeeded` began; until then, or the peer's own acknowledgement, nothing is sent to it. */
  reportSnapshot(peer: MemberId, outcome: 'Installed' | 'Failed'): void;
  /** This batch and all before it are durable. */
  appended(token: AppendToken): void;
  /** Everything through `index` is applied. */
  applied(index: number): void;
  /** Drops entries through `index` from memory; the driver has cut them from disk. Never above applied. */
  compact(index: number): void;
  /** Entries from `index` on, for inspection; bounded by `maxBytes`, at least one. */
  entriesFrom(index: number, maxBytes: number): readonly Entry[];
  /** On the leader: this follower waits for the commit of what was proposed so far; its news is never held back. */
  awaitCommit(member: MemberId): void;
  /**
   * Null when nothing is to be done.
   * @param mayHoldCommit leaves out messages that would only tell a follower of a commit: they ride with the next
   *   entries. The caller asks again without it before long, if `isCommitHeld` says that there are any.
   */
  takeOutput(mayHoldCommit?: boolean): Output | null;
  readonly isCommitHeld: boolean;
  status(): RaftStatus;
}
