/**
 * The driver of a member that belongs to a cluster. One turn of it: take what has arrived, step the core, send, persist,
 * apply, answer. A turn is scheduled when something arrives and none is pending, so batches grow with load by
 * themselves and nothing on the way of a write waits for a timer.
 */
import { Raft } from '../raft/raft.ts';
import {
  type Entry,
  type HardState,
  type MemberId,
  NO_MEMBER,
  type Output,
  type RaftEvent,
  type RaftStatus,
} from '../raft/types.ts';
import type { ClusterId, DataFolder, PeerHint, SnapshotSource } from '../storage/types.ts';
import { configurationOf } from '../store/membership.ts';
import { Store, type StoreOptions } from '../store/store.ts';
import type {
  ChangeMembership,
  Command,
  CommittedEntry,
  Membership,
  Result,
  Watch,
  WatchOptions,
} from '../store/types.ts';
import type { Network, PeerFrame, RefusedHandshake } from '../transport/types.ts';
import { AppliedState } from './applied-state.ts';
import { type CallHandler, Calls } from './calls.ts';
import type { Clock } from './clock.ts';
import { CommitNews } from './commit-news.ts';
import { assertSpoken, FORMAT, FormatTooNew, OLDEST_FORMAT } from './format.ts';
import { IncomingSnapshots } from './incoming-snapshot.ts';
import { LatencySamples } from './latency-samples.ts';
import { LeaderDuties } from './leader-duties.ts';
import { LeaderTime } from './leader-time.ts';
import { LogCutter } from './log-cutter.ts';
import { LogWriter } from './log-writer.ts';
import type { Observer } from './observer.ts';
import type { MemberOptions } from './options.ts';
import { Peers } from './peers.ts';
import { Proposals } from './proposals.ts';
import { raftOptions, stateStallTicks } from './raft-options.ts';
import { Reads } from './reads.ts';
import { RefusalLog } from './refusal-log.ts';
import { restore } from './restore.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { SpaceGuard } from './space-guard.ts';
import { mostCaughtUpVoter } from './successor.ts';
import { Ticker } from './ticker.ts';
import { RequestError, type RequestOptions, type WriteOptions } from './types.ts';
import { WritePath } from './write-path.ts';

export type ReplicaDependencies = {
  readonly clusterId: ClusterId;
  readonly id: MemberId;
  /** Whom to look for until the first snapshot tells; empty for a member that has state. */
  readonly peerHints: readonly PeerHint[];
  readonly folder: DataFolder;
  readonly network: Network;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly options: MemberOptions;
  readonly observer: Observer;
  readonly callHandlers: Readonly<Record<string, CallHandler>>;
  readonly events: ReplicaEvents;
};

export type ReplicaEvents = {
  /** Something changed that a waiting call may look at: role, membership, applied state. */
  changed(): void;
  raft(event: RaftEvent): void;
  membershipChanged(membership: Membership): void;
  /** Knows all that it ever acknowledged and finds itself in the configuration. */
  becameMember(): void;
  refused(reason: RefusedHandshake): void;
  /** Nothing goes on here: its disk failed, an invariant is broken, or it met what only a later version can read. */
  fatal(error: unknown): void;
};

/** Spread over which followers ask for votes when their leader's connection breaks, so that they seldom collide. */
const LEADER_LOST_SPREAD_MS = 50;
/** How often what has a deadline or a rare duty is looked at. */
const HOUSEKEEPING_MS = 50;

/** A large store takes minutes to be read. */
const HASH_TIMEOUT_MS = 1_800_000;

type HashBody = { readonly revision: number };

export class Replica {
  readonly id: MemberId;
  readonly clusterId: ClusterId;
  readonly peers: Peers;
  readonly #with: ReplicaDependencies;
  readonly #raft: Raft;
  readonly #state: AppliedState;
  readonly #writer: LogWriter;
  readonly #cutter: LogCutter;
  readonly #proposals: Proposals;
  readonly #time: LeaderTime;
  readonly #writes: WritePath;
  readonly #reads: Reads;
  readonly #calls: Calls;
  readonly #sender: SnapshotSender;
  readonly #incoming: IncomingSnapshots;
  readonly #space: SpaceGuard;
  readonly #samples: LatencySamples;
  readonly #commitNews: CommitNews;
  readonly #refusals: RefusalLog;
  readonly #ticker: Ticker;
  readonly #mustReapplyThrough: number;

  /** While this member leads and knows all that its predecessors decided. */
  #duties: LeaderDuties | null = null;
  #hardState: HardState;
  #appliedTerm: number;
  /** Applied, and the configurations in it are in use: the store is ahead of it while one is being made durable. */
  #usedIndex: number;
  #isMember = false;
  #isTurnScheduled = false;
  #isStopped = false;
  #halted: Promise<void> | null = null;
  #wasStateStalled = false;
  #lastHousekeepingMs = 0;
  #leaderLastKnownMs: number;

  static async start(dependencies: ReplicaDependencies): Promise<Replica> {
    const { engine } = dependencies.folder;
    const store = engine === null ? null : await Store.open(engine, storeOptions(dependencies.options));
    if (store !== null) assertSpoken(store.format);
    const replica = new Replica(dependencies, store);
    await replica.#begin();
    return replica;
  }

  private constructor(dependencies: ReplicaDependencies, store: Store | null) {
    const { clock, folder, network, observer, options, clusterId, id } = dependencies;
    const { limits, timing } = options;
    const { raft, membership } = restore(folder.restored, store);
    const fatal = (error: unknown): void => this.#fail(error);
    this.#with = dependencies;
    this.id = id;
    this.clusterId = clusterId;
    this.#hardState = raft.hardState;
    this.#mustReapplyThrough = raft.mustReapplyThrough;
    this.#appliedTerm = store?.appliedTerm ?? 0;
    this.#usedIndex = store?.appliedIndex ?? 0;
    this.#leaderLastKnownMs = clock.nowMs();
    this.#raft = new Raft(raftOptions(id, options, dependencies.random), raft);
    this.#samples = new LatencySamples(clock, observer);
    this.peers = new Peers(id, options.clientUrl, network, clock, this.#samples, timing.electionTimeoutMs);
    this.#writer = new LogWriter(folder.log, clock, observer, {
      appended: (token, replies) => {
        this.peers.send(replies);
        this.#raft.appended(token);
        this.#schedule();
      },
      install: (snapshot, hardState) =>
        this.#state.install(this.#incoming, snapshot.index, hardState ?? this.#hardState),
      fatal,
    });
    this.#state = new AppliedState(
      {
        folder,
        clusterId,
        clock,
        observer,
        storeOptions: storeOptions(options),
        events: {
          applied: (entries, results, bytes) => this.#applied(entries, results, bytes),
          recordConfiguration: (configuration) => this.#writer.recordConfiguration(configuration),
          membershipApplied: (index, applied) => this.#membershipApplied(index, applied),
          snapshotInstalled: () => this.#snapshotInstalled(),
          fatal,
        },
      },
      store,
      membership,
    );
    this.#cutter = new LogCutter(
      {
        raft: this.#raft,
        maxLogBytes: limits.maxLogBytes,
        logTailBytes: limits.logTailBytes,
        appliedIndex: () => this.#state.appliedIndex,
        flush: () => this.#state.flush(),
        cut: (base) => this.#writer.cut(base),
        fatal,
      },
      raft.entries,
    );
    const origin = Math.floor(dependencies.random() * 2 ** 48);
    this.#proposals = new Proposals(origin, limits.maxProposalsInFlight, limits.maxProposalBytesInFlight);
    this.#space = new SpaceGuard(
      clock,
      () => folder.freeBytes(),
      limits.minFreeBytes,
      limits.resumeFreeBytes,
      observer,
    );
    this.#time = new LeaderTime(clock);
    this.#writes = new WritePath({
      raft: this.#raft,
      network,
      clock,
      observer,
      proposals: this.#proposals,
      time: this.#time,
      isGrowthRefused: () => this.#space.isGrowthRefused(clock.nowMs()),
      notLeader: () => this.notLeader(),
      schedule: () => this.#schedule(),
    });
    this.#reads = new Reads(timing.electionTimeoutMs);
    this.#calls = new Calls((to, frame) => network.send(to, frame), {
      ...dependencies.callHandlers,
      hash: (body) => this.#hash((body as HashBody).revision),
      reportSpace: async (body, from) => this.#space.reported(from, body === true, clock.nowMs()),
    });
    this.#sender = new SnapshotSender(network, clock, observer, {
      open: async () => {
        const source = await this.openSnapshot();
        return { source, raftTerm: this.#raft.term };
      },
      finished: (to, outcome) => {
        this.#raft.reportSnapshot(to, outcome);
        this.#schedule();
      },
    });
    this.#incoming = new IncomingSnapshots(folder, clock, observer, {
      offerToCore: (from, term, snapshot) => {
        this.#raft.step({ kind: 'InstallSnapshot', from, to: id, term, snapshot });
        return this.#turn();
      },
    });
    this.#refusals = new RefusalLog(observer);
    this.#commitNews = new CommitNews(clock, () => this.#schedule());
    this.#ticker = new Ticker(clock, timing.tickMs, (nowMs) => this.#tick(nowMs));
  }

  get store(): Store | null {
    return this.#state.store;
  }

  /** @throws RequestError before the first snapshot of a member that joins */
  servingStore(): Store {
    return this.#state.servingStore();
  }

  /** @throws RequestError also once this member stops: its engine will be closed under whoever begins to watch now */
  watch(options: WatchOptions): Watch {
    if (this.#isStopped) throw stopping();
    return this.servingStore().watch(options);
  }

  get membership(): Membership | null {
    return this.#state.membership;
  }

  get duties(): LeaderDuties | null {
    return this.#duties;
  }

  get isMember(): boolean {
    return this.#isMember;
  }

  get isLeader(): boolean {
    return this.#raft.role === 'Leader';
  }

  get leader(): MemberId {
    return this.#raft.leader;
  }

  get term(): number {
    return this.#raft.term;
  }

  get proposalsPending(): number {
    return this.#proposals.count;
  }

  /** Whether this member's own disk is low. */
  get isSpaceLow(): boolean {
    return this.#space.isLow;
  }

  /** Members whose disk is low, as the leader knows: it refuses growth for any of them. */
  membersWithoutSpace(): MemberId[] {
    const others = this.#space.reporters(this.#with.clock.nowMs());
    return this.#space.isLow ? [this.id, ...others] : others;
  }

  /** How long no leader has been known; 0 while one is. */
  get leaderlessMs(): number {
    return this.#raft.leader === NO_MEMBER ? this.#with.clock.nowMs() - this.#leaderLastKnownMs : 0;
  }

  raftStatus(): RaftStatus {
    return this.#raft.status();
  }

  /** Its engine takes nothing: what is committed cannot be applied. */
  get isStateStalled(): boolean {
    return this.#wasStateStalled;
  }

  /** The answer to a request that insists on the leader and reached another member. */
  notLeader(): RequestError {
    const { leader } = this.#raft;
    if (leader === NO_MEMBER) return this.noLeader();
    const url = this.peers.clientUrlOf(leader);
    const detail = url === undefined ? { leader } : { leader, leader_url: url };
    return new RequestError('not_leader', `member ${leader} leads${url === undefined ? '' : ` at ${url}`}`, detail);
  }

  noLeader(): RequestError {
    return new RequestError(
      'no_leader',
      'no leader is known: no quorum of members can be reached, or an election is under way',
    );
  }

  /** Not async, as everything on the way of a write that need not be: each layer costs promises and turns of their queue. */
  propose(command: Command, options: WriteOptions): Promise<Result> {
    return this.#isStopped ? Promise.reject(stopping()) : this.#writes.submit(command, options);
  }

  /**
   * On the leader: a change of membership, as one Configuration entry.
   * @throws RequestError when the core refuses it, or its outcome is not known in time
   */
  async proposeMembership(command: ChangeMembership, options: WriteOptions): Promise<Result> {
    if (this.#isStopped) throw stopping();
    return this.#writes.submitConfiguration(command, options);
  }

  async readBarrier(options: RequestOptions): Promise<void> {
    if (this.#isStopped) throw stopping();
    const waiting = this.#reads.wait(this.#with.clock.nowMs() + options.timeoutMs, options.mayForward ?? true);
    this.#schedule();
    return waiting;
  }

  /** Asks the leader's driver; answers itself when it leads. */
  async callLeader(method: string, body: unknown, options: RequestOptions): Promise<unknown> {
    const { leader } = this.#raft;
    if (leader === NO_MEMBER) throw this.noLeader();
    if (leader === this.id) return (this.#with.callHandlers[method] as CallHandler)(body, this.id);
    if (options.mayForward === false) throw this.notLeader();
    return this.#calls.ask(leader, method, body, this.#with.clock.nowMs() + options.timeoutMs);
  }

  /** False when it cannot begin: not the leader, or `to` is no voter. */
  transferLeadership(to: MemberId): boolean {
    const hasBegun = this.#raft.transferLeadership(to);
    this.#schedule();
    return hasBegun;
  }

  /** What its log holds beyond the applied state, whether it is known to be committed or not. */
  unappliedEntries(): readonly Entry[] {
    return this.#raft.entriesFrom(this.#state.appliedIndex + 1, Number.MAX_SAFE_INTEGER);
  }

  async openSnapshot(): Promise<SnapshotSource> {
    return this.#state.openSnapshot();
  }

  /** Resolves when what compactions have given up so far is erased here. */
  async erased(): Promise<void> {
    await this.#state.compact();
    // One that was under way may have begun before the last compaction.
    await this.#state.compact();
  }

  /**
   * Hands leadership over, lets accepted writes finish, says goodbye, and leaves the folder ready to be closed.
   * @param timeoutMs for everything that depends on others
   */
  async stop(timeoutMs: number): Promise<void> {
    const { clock } = this.#with;
    const deadlineMs = clock.nowMs() + timeoutMs;
    const isBusy = (): boolean =>
      this.#proposals.count > 0 || (this.isLeader && this.#raft.status().transferee !== NO_MEMBER);
    if (this.isLeader) this.transferLeadership(mostCaughtUpVoter(this.#raft.status()));
    while (isBusy() && clock.nowMs() < deadlineMs) {
      await new Promise<void>((resolve) => void clock.after(this.#with.options.timing.tickMs, resolve));
    }
    await this.halt();
  }

  /** Stops without a word to anyone but the goodbye. Also what has failed, so that nobody waits for it any longer. */
  halt(): Promise<void> {
    this.#halted ??= this.#halt();
    return this.#halted;
  }

  async #halt(): Promise<void> {
    this.#isStopped = true;
    this.#ticker.stop();
    this.#sender.stop();
    this.#proposals.rejectAll((pending) => (pending.term === 0 ? stopping() : stoppingUnknown()));
    this.#reads.rejectAll(stopping);
    this.#calls.rejectAll(stopping);
    await this.#with.network.close();
    const stateStopped = this.#state.stop();
    await this.#writer.stop();
    await stateStopped;
  }

  async #begin(): Promise<void> {
    const { folder, options, network, observer } = this.#with;
    await network.start(
      {
        clusterId: this.clusterId,
        memberId: this.id,
        incarnation: folder.identity.incarnation,
        format: FORMAT,
        oldestFormat: OLDEST_FORMAT,
        peerAddress: options.peerAddress,
        clientUrl: options.clientUrl,
        version: options.version,
      },
      {
        frame: (from, frame) => this.#received(from, frame),
        connected: (peer) => observer.log('info', 'peer_connected', { peer }),
        disconnected: (from, isDeliberate) => this.#disconnected(from, isDeliberate),
        refused: (address, reason, call) => {
          this.#refusals.refused(address, reason, call);
          // Only refusals of our own calls count: that we refuse a removed member does not mean that we were removed.
          if (call === 'Ours') this.#with.events.refused(reason);
        },
        snapshotOffered: async (from, offer) => {
          if (offer.header.format > FORMAT) {
            this.#fail(new FormatTooNew(offer.header.format));
            return null;
          }
          const isOfUse = offer.term >= this.#raft.term && offer.header.index > this.#state.appliedIndex;
          return isOfUse && !this.#isStopped ? this.#incoming.offered(from, offer) : null;
        },
      },
    );
    this.peers.use(this.membership, this.#with.peerHints);
    this.#checkMember();
    this.#ticker.start();
    if (this.membership?.voters.length === 1) this.#raft.campaign('Single');
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isTurnScheduled || this.#isStopped) return;
    this.#isTurnScheduled = true;
    this.#with.clock.soon(this.#scheduledTurn);
  }

  readonly #scheduledTurn = (): void => {
    this.#isTurnScheduled = false;
    if (!this.#isStopped) this.#turn();
  };

  /** True when the core has taken a staged snapshot; only whoever has just offered one asks. */
  #turn(): boolean {
    let isInstalling = false;
    const mayHoldCommit = this.#commitNews.mayWait;
    try {
      for (;;) {
        this.#writes.handOver();
        this.#startReads();
        const output = this.#raft.takeOutput(mayHoldCommit);
        if (output === null) break;
        this.#carryOut(output);
        if (output.append !== null && output.append.snapshot !== null) isInstalling = true;
      }
      this.#commitNews.turnEnded(this.#raft.isCommitHeld);
    } catch (error) {
      this.#fail(error);
    }
    return isInstalling;
  }

  #startReads(): void {
    if (!this.#reads.hasArrived || this.#raft.leader === NO_MEMBER) return;
    if (this.#raft.role !== 'Leader') this.#reads.rejectUnforwardable(() => this.notLeader());
    const requestId = this.#reads.startRound(this.#with.clock.nowMs());
    if (requestId !== 0) this.#raft.readIndex(requestId);
  }

  #carryOut(output: Output): void {
    for (const event of output.events) this.#observe(event);
    this.peers.send(output.messages);
    if (output.append !== null) {
      this.#hardState = output.append.hardState ?? this.#hardState;
      if (output.append.snapshot !== null) this.#state.snapshotAccepted();
      this.#writer.append(output.append);
    }
    if (output.committed.length > 0) {
      const { index } = output.committed.at(-1) as Entry;
      this.#samples.committed(index);
      this.#writes.committed(index);
      this.#state.apply(output.committed);
    }
    for (const { requestId, index } of output.reads) this.#reads.confirmed(requestId, index, this.#usedIndex);
    for (const requestId of output.droppedReads) this.#reads.dropped(requestId);
    for (const peer of output.snapshotsNeeded) this.#sender.send(peer);
  }

  #received(from: MemberId, frame: PeerFrame): void {
    if (this.#isStopped) return;
    this.peers.heardFrom(from);
    try {
      switch (frame.kind) {
        case 'Raft':
          for (const message of frame.messages) {
            if (message.kind === 'AppendResponse') this.#samples.acknowledged(from, message.index);
            this.#raft.step(message);
          }
          break;
        case 'ForwardedProposals':
          this.#writes.forwarded(from, frame);
          break;
        case 'ForwardRefused':
          this.#writes.forwardRefused(frame);
          break;
        case 'Call':
          this.#calls.received(from, frame);
          break;
        case 'CallReply':
          this.#calls.answered(from, frame);
          break;
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#schedule();
  }

  #disconnected(from: MemberId, isDeliberate: boolean): void {
    if (this.#isStopped) return;
    this.#with.observer.log('info', 'peer_disconnected', { peer: from, deliberate: isDeliberate });
    this.#calls.disconnected(from);
    this.#raft.reportUnreachable(from);
    // A stream that ends without a goodbye means that the process is gone, or the network: a peer that still hears the
    // leader withholds its pre-vote, so asking at once is safe and saves an election timeout.
    if (!isDeliberate && from === this.#raft.leader) {
      this.#raft.forgetLeader(from);
      const { term } = this.#raft;
      this.#with.clock.after(this.#with.random() * LEADER_LOST_SPREAD_MS, () => {
        // A later term means that another member campaigned and got votes: campaigning now could depose the new leader.
        if (this.#isStopped || this.#raft.leader !== NO_MEMBER || this.#raft.term !== term) return;
        this.#raft.campaign('LeaderLost');
        this.#schedule();
      });
    }
    this.#schedule();
  }

  #tick(nowMs: number): void {
    const isReleased = this.#writes.release();
    const isDue = this.#raft.tick(this.#noticeStateStall());
    if (this.#raft.leader !== NO_MEMBER) this.#leaderLastKnownMs = nowMs;
    const isHousekeepingDue = nowMs - this.#lastHousekeepingMs >= HOUSEKEEPING_MS;
    if (isHousekeepingDue) {
      this.#lastHousekeepingMs = nowMs;
      this.#keepHouse(nowMs);
    }
    if (isReleased || isDue || isHousekeepingDue) this.#schedule();
  }

  /** True while the engine holds up what is committed. */
  #noticeStateStall(): boolean {
    const isStalled = this.#state.tick(stateStallTicks(this.#with.options));
    if (isStalled !== this.#wasStateStalled) {
      this.#wasStateStalled = isStalled;
      this.#with.observer.log('warn', isStalled ? 'state_stalled' : 'state_goes_on', {
        applied: this.#state.appliedIndex,
      });
    }
    return isStalled;
  }

  #keepHouse(nowMs: number): void {
    this.#proposals.expire(nowMs, () => (this.isLeader ? notItsTurn() : this.noLeader()));
    this.#reads.expire(
      nowMs,
      () => this.noLeader(),
      () => notApplied(this.isStateStalled),
    );
    this.#calls.expire(nowMs);
    this.#duties?.tick();
    this.#space.tick();
    this.peers.tick(nowMs);
    const { leader } = this.#raft;
    if (this.#space.isLow && leader !== NO_MEMBER && leader !== this.id) {
      this.#calls.ask(leader, 'reportSpace', true, nowMs + HOUSEKEEPING_MS).catch(() => {}); // repeated while it lasts
    }
    this.#state.writeOut();
    void this.#state.compact();
  }

  #observe(event: RaftEvent): void {
    this.#with.observer.raftEvent(event);
    if (event.kind === 'RoleChanged') {
      this.#with.observer.log('info', 'role_changed', { role: event.role, term: event.term, leader: event.leader });
      this.#writes.roleChanged();
      this.#duties = null;
      this.#samples.reset();
      if (event.role === 'Leader') this.#time.begin(this.store?.timeMs ?? 0);
      else this.#time.end();
      if (event.leader !== NO_MEMBER) this.#leaderLastKnownMs = this.#with.clock.nowMs();
    }
    this.#with.events.raft(event);
    this.#with.events.changed();
  }

  #applied(entries: readonly CommittedEntry[], results: readonly (Result | null)[], bytes: number): void {
    let proposals = 0;
    for (let i = 0; i < entries.length; i++) {
      const { term, proposal } = entries[i] as CommittedEntry;
      if (term > this.#appliedTerm) {
        this.#appliedTerm = term;
        this.#proposals.reachedTerm(term);
      }
      if (proposal === null) continue;
      this.#proposals.applied(proposal, results[i] as Result);
      proposals += 1;
    }
    if (proposals > 0) this.#with.observer.proposalsCommitted(proposals);
    const { index } = entries.at(-1) as CommittedEntry;
    this.#raft.applied(index);
    this.#usedIndex = index;
    this.#reads.applied(index);
    if (this.#duties !== null) this.#duties.applied(entries, results);
    else this.#startDuties();
    this.#cutter.applied(entries.length, bytes);
    this.#checkMember();
    this.#with.events.changed();
    this.#schedule();
  }

  #startDuties(): void {
    const { store } = this;
    if (!this.isLeader || this.#appliedTerm !== this.#raft.term || store === null) return;
    const { clock, observer, options } = this.#with;
    this.#duties = new LeaderDuties({
      store,
      clock,
      observer,
      historyRetentionMs: options.historyRetentionMs,
      propose: (command) => this.propose(command, { timeoutMs: options.timing.electionTimeoutMs, mayForward: false }),
      membership: () => this.membership as Membership,
      hashOf: (member, revision) => this.#hashOf(member, revision),
      commonFormat: () => this.peers.commonFormat(this.membership as Membership),
    });
  }

  /** The hash of all keys at a revision, as a member has them: this one, or another. */
  async #hashOf(member: MemberId, revision: number): Promise<string> {
    if (member === this.id) return this.#hash(revision);
    const body = { revision } satisfies HashBody;
    return (await this.#calls.ask(member, 'hash', body, this.#with.clock.nowMs() + HASH_TIMEOUT_MS)) as string;
  }

  async #hash(revision: number): Promise<string> {
    // The leader that asks has applied the revision, but this member may not have yet.
    await this.readBarrier({ timeoutMs: this.#with.options.timing.electionTimeoutMs });
    return (await this.servingStore().hash(revision)).hash;
  }

  #membershipApplied(index: number, membership: Membership): void {
    this.#raft.applyConfiguration(index, configurationOf(membership));
    this.peers.use(membership, []);
    this.#with.events.membershipChanged(membership);
    this.#with.events.changed();
  }

  #snapshotInstalled(): void {
    const store = this.store as Store;
    const membership = this.membership as Membership;
    this.#appliedTerm = store.appliedTerm;
    this.#proposals.entriesSkipped();
    this.#usedIndex = store.appliedIndex;
    this.#reads.applied(store.appliedIndex);
    this.peers.use(membership, []);
    this.#with.events.membershipChanged(membership);
    this.#checkMember();
    this.#with.events.changed();
  }

  #checkMember(): void {
    if (this.#isStopped || this.store === null || this.#state.appliedIndex < this.#mustReapplyThrough) return;
    // A removed member goes on voting until its peers refuse it (refused-by-peers.ts): those that stay may not all know
    // yet that they no longer need its vote.
    if (this.#state.lists(this.id) !== true || this.#isMember) return;
    this.#isMember = true;
    this.#with.events.becameMember();
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#ticker.stop();
    this.#with.events.fatal(error);
  }
}

function storeOptions({ limits }: MemberOptions): StoreOptions {
  return { maxQueuedBytesPerWatch: limits.watcherQueueBytes };
}

function notApplied(isStalled: boolean): RequestError {
  const why = isStalled ? 'its RocksDB takes no writes' : 'it is behind';
  return new RequestError(
    'not_ready',
    `this member has not applied in time what the read has to see, ${why}: ask another one`,
  );
}

function notItsTurn(): RequestError {
  return new RequestError(
    'overloaded',
    'the writes before this one were not committed and applied in time: retry later',
  );
}

function stopping(): RequestError {
  return new RequestError('stopping', 'this member is stopping: ask another one');
}

function stoppingUnknown(): RequestError {
  const what = 'this member stops before the outcome of the write is known';
  return new RequestError('outcome_unknown', `${what}: read, or retry with an Idempotency-Key`);
}
