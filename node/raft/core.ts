/**
 * Everything that one member's core knows. What belongs to a role lives in that role's state and is gone with it, so
 * that nothing of an earlier leadership or candidacy can leak into the next.
 */
import { isWithholding } from './commit-notice.ts';
import { assertValidConfiguration, isVoter } from './configuration.ts';
import { ForwardedReads } from './forwarded-reads.ts';
import { assert } from './invariant.ts';
import { Log } from './log.ts';
import { Outbox } from './outbox.ts';
import type { Progress } from './progress.ts';
import type { ReadRounds } from './read-rounds.ts';
import {
  type Configuration,
  type ElectionReason,
  type HardState,
  type MemberId,
  NO_MEMBER,
  type RaftOptions,
  type RestoredState,
} from './types.ts';

export type FollowerState = {
  readonly role: 'Follower';
  leader: MemberId;
  readonly reads: ForwardedReads;
  /**
   * An answer to the leader that can wait for the next, or for a tick: it says nothing new, or what it says shall bring
   * nothing more before the backlog is applied. 0 when none does.
   */
  quietAcknowledgement: number;
};

export type CandidateState = {
  readonly role: 'PreCandidate' | 'Candidate';
  readonly reason: ElectionReason;
  readonly votes: Map<MemberId, boolean>;
};

export type LeaderState = {
  readonly role: 'Leader';
  /** Everyone in the configuration but ourselves. */
  readonly peers: Map<MemberId, Progress>;
  readonly reads: ReadRounds;
  /** Index of our own first, empty entry: once it is committed, so is everything before (section 5.4.2 of the paper). */
  readonly firstIndex: number;
  /** The index of the last Configuration entry in the log: pending while above `configuredThrough`. */
  lastConfigurationIndex: number;
  /** What it had been told to be committed, by others, when it won. */
  readonly toldCommit: number;
  uncommittedBytes: number;
  heartbeatElapsed: number;
  /** The last output left out the news of a commit. */
  isCommitHeld: boolean;
  transfer: { readonly to: MemberId; ticksLeft: number } | null;
};

export type RoleState = FollowerState | CandidateState | LeaderState;

/** Bits that the largest number of forwarded reads in a process's life will not use up. */
const READ_ID_RANGE = 2 ** 47;

export class Core {
  readonly id: MemberId;
  readonly options: RaftOptions;
  readonly log: Log;
  readonly outbox: Outbox = new Outbox();
  term: number;
  vote: MemberId;
  state: RoleState;
  configuration: Configuration;
  /** The index of a committed configuration that only this member, from its own leadership, may know to be committed; else 0. */
  withheld = 0;
  /** Index of the newest entry or snapshot that `configuration` accounts for. */
  configuredThrough: number;
  /** The hard state as last given to the disk, and as last reported durable. */
  writtenHardState: HardState;
  durableHardState: HardState;
  /** Ticks since the leader was heard, the campaign began, or (leading) the quorum was last checked. */
  electionElapsed = 0;
  electionTimeout: number;
  /** Ticks since the disk last finished a batch while one is in flight. */
  diskStalledTicks = 0;
  /** Whether the engine holds up what is committed, as the driver sees it. */
  isStateStalled = false;
  /** Number of the newest read confirmation round. Never reset, so no answer fits two rounds. */
  readCounter = 0;
  /**
   * Number of the next forwarded read. Begins at random: an answer meant for this member's previous life must not be
   * taken for one of this life's.
   */
  nextReadId: number;
  readonly mustReapplyThrough: number;

  constructor(options: RaftOptions, restored: RestoredState) {
    assertValidOptions(options);
    assertValidConfiguration(restored.configuration);
    const { hardState, base, entries, applied } = restored;
    // Applied implies committed: the state machine may have kept more than the hard state's last commit index.
    const committed = Math.max(hardState.commit, applied, base.index);
    this.id = options.id;
    this.options = options;
    this.log = new Log(base, entries, committed, applied, options.maxCommittedBytesPerOutput);
    assert(
      hardState.term >= this.log.lastTerm,
      `hard state of term ${hardState.term}, but an entry of term ${this.log.lastTerm}`,
    );
    assert(
      restored.mustReapplyThrough <= committed,
      `must re-apply through ${restored.mustReapplyThrough}, but only ${committed} is known to be committed`,
    );
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.writtenHardState = hardState;
    this.durableHardState = hardState;
    this.configuration = restored.configuration;
    this.configuredThrough = Math.max(restored.configurationIndex, applied);
    this.mustReapplyThrough = restored.mustReapplyThrough;
    this.nextReadId = Math.floor(options.random() * READ_ID_RANGE);
    this.electionTimeout = 0;
    this.state = { role: 'Follower', leader: NO_MEMBER, reads: new ForwardedReads(), quietAcknowledgement: 0 };
    this.restartElectionTimer();
  }

  get leader(): MemberId {
    if (this.state.role === 'Leader') return this.id;
    return this.state.role === 'Follower' ? this.state.leader : NO_MEMBER;
  }

  get isVoter(): boolean {
    return isVoter(this.configuration, this.id);
  }

  /** Enough re-applied after a restart to know the configuration that was acknowledged before it. */
  get hasReapplied(): boolean {
    return this.log.applied >= this.mustReapplyThrough;
  }

  /** Leading: CheckQuorum was so lately that the heartbeats since may not be answered yet. */
  get isPeriodYoung(): boolean {
    return this.electionElapsed < 2 * this.options.heartbeatTicks;
  }

  /** An own append that hangs: a leader would accept writes that it cannot keep (hashicorp/raft#503). */
  get isDiskStalled(): boolean {
    return this.diskStalledTicks >= this.options.diskStallTicks;
  }

  /**
   * The log goes on while the state machine does not. What waits for others' news to be applied does not count: they may
   * need our acknowledgement for it (commit-notice.ts).
   */
  get isBacklogged(): boolean {
    return this.log.unappliedBytes > this.options.maxUnappliedBytes && !isWithholding(this);
  }

  /**
   * Whether it may campaign: a voter by its own configuration, and that one not outdated by anything it has seen
   * committed. Otherwise it could win by the votes of members that no longer count (etcd-io/etcd#7625).
   */
  get isPromotable(): boolean {
    return (
      this.isVoter &&
      this.hasReapplied &&
      !this.isDiskStalled &&
      !this.isStateStalled &&
      !this.log.isInstallingSnapshot &&
      this.log.lastCommittedConfiguration <= Math.max(this.configuredThrough, this.withheld)
    );
  }

  /** Randomized anew each time, so that split votes do not repeat (section 3.4). */
  restartElectionTimer(): void {
    const { electionTicks, random } = this.options;
    this.electionElapsed = 0;
    this.electionTimeout = electionTicks + Math.floor(random() * electionTicks);
  }

  announceRole(): void {
    this.outbox.events.push({ kind: 'RoleChanged', role: this.state.role, term: this.term, leader: this.leader });
  }
}

function assertValidOptions(options: RaftOptions): void {
  const positive = [
    'id',
    'electionTicks',
    'heartbeatTicks',
    'maxEntriesBytesPerMessage',
    'maxInflightMessages',
    'maxInflightBytes',
    'maxUncommittedBytes',
    'diskStallTicks',
    'maxUnappliedBytes',
    'maxCommittedBytesPerOutput',
  ] as const;
  for (const name of positive) assert(options[name] > 0, `option ${name} is ${options[name]}, must be above 0`);
  assert(
    options.electionTicks > options.heartbeatTicks,
    `electionTicks ${options.electionTicks} must be above heartbeatTicks ${options.heartbeatTicks}`,
  );
}
