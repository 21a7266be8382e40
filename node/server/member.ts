/**
 * One member, from parked to serving: which of a client's calls it takes in which state, and how it gets from one state
 * to the next. The driver of a member that belongs to a cluster is `Replica`.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ApiReadiness, ApiStatus, ParkedReason } from '../../client/types.ts';
import { NO_MEMBER, type RaftEvent } from '../raft/types.ts';
import { DataDamaged, GrantConflict, NewerFormat, SnapshotDamaged } from '../storage/errors.ts';
import type {
  DataFolder,
  FoundingRecord,
  Identity,
  JoinRecord,
  RecoveryRecord,
  SnapshotSource,
} from '../storage/types.ts';
import { type AuthState, NO_AUTH } from '../store/auth/state.ts';
import { UnknownEntry } from '../store/errors.ts';
import type { StateHash, Store } from '../store/store.ts';
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
} from '../store/types.ts';
import type { Network, RefusedHandshake } from '../transport/types.ts';
import { assertValidFounders, assertValidName, assertValidPeerAddress } from './addressing.ts';
import type { Clock } from './clock.ts';
import { Conditions } from './conditions.ts';
import { assertClusterSpeaks, EXTENDED_FORMAT, FormatTooNew, MARKS_FORMAT } from './format.ts';
import { type ChangeBody, LeaderCalls, type LeaseBody, leaseNotFound, type TransferBody } from './leader-calls.ts';
import { LeaseRenewals } from './lease-renewals.ts';
import { assertMayRecover } from './may-recover.ts';
import type { Observer } from './observer.ts';
import type { MemberOptions } from './options.ts';
import { type Phase, parked } from './phase.ts';
import { Replica } from './replica.ts';
import { withoutSecrets } from './snapshot-source-name.ts';
import { buildReadiness, buildStatus } from './status.ts';
import { asRequestErrors, MemberWatch } from './store-errors.ts';
import {
  type FoundingSnapshot,
  type Member,
  type MemberEvent,
  type MemberPosition,
  type ReadOptions,
  RequestError,
  type RequestOptions,
  type Watch,
  type WatchOptions,
  type WriteOptions,
} from './types.ts';

export type MemberCounts = {
  readonly proposalsPending: number;
  readonly keys: number;
  readonly leases: number;
  readonly watchers: number;
  readonly slowWatchers: number;
};

export type MemberDependencies = {
  readonly options: MemberOptions;
  /** Brings what a founding record begins with; without it such a record's path is read as it is, and not checked. */
  readonly foundingSnapshot?: (source: string, signal: AbortSignal) => Promise<FoundingSnapshot>;
  /** Opens the folder as it is on disk now; called anew after each grant. */
  readonly openFolder: () => Promise<DataFolder>;
  readonly createNetwork: () => Network;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly observer: Observer;
  /** The process must end now: nothing more can be promised. */
  readonly onFatal: (error: unknown) => void;
};

const REASONS: Partial<Record<RefusedHandshake['code'], ParkedReason>> = {
  Removed: 'Removed',
  ClusterIdMismatch: 'ForeignCluster',
  IncarnationMismatch: 'NotAMember',
};

/** Peers that refuse us are believed to be right when no leader has been known for this many election timeouts. */
const REFUSED_ELECTION_TIMEOUTS = 3;

export class LocalMember implements Member {
  readonly #with: MemberDependencies;
  readonly #startedMs: number;
  readonly #conditions: Conditions;
  readonly #leaderCalls: LeaderCalls;
  readonly #renewals: LeaseRenewals;
  readonly #listeners = new Set<(event: MemberEvent) => void>();
  #phase: Phase = parked('NoData', 'starting');
  #folder: DataFolder | null = null;
  /** Of a folder that could be read no further: whoever replaces this member needs to know which one it is. */
  #identity: Identity | null = null;
  #databaseBytes = 0;
  #refusal: RefusedHandshake | null = null;
  /** Changes of state, one at a time: a grant and a stop must not cross. */
  #transition: Promise<unknown> = Promise.resolve();
  /** A large snapshot takes longer than a call: whoever asks again waits for the same outcome. */
  #restoring: { readonly given: FoundingRecord; readonly outcome: Promise<FoundingRecord> } | null = null;
  readonly #stopping = new AbortController();

  static async start(dependencies: MemberDependencies): Promise<LocalMember> {
    const member = new LocalMember(dependencies);
    await member.#open();
    return member;
  }

  private constructor(dependencies: MemberDependencies) {
    this.#with = dependencies;
    this.#startedMs = dependencies.clock.nowMs();
    this.#conditions = new Conditions(dependencies.clock);
    this.#leaderCalls = new LeaderCalls({
      serving: () => this.#serving(),
      conditions: this.#conditions,
      clock: dependencies.clock,
      observer: dependencies.observer,
      electionTimeoutMs: dependencies.options.timing.electionTimeoutMs,
    });
    this.#renewals = new LeaseRenewals(dependencies.clock, async (method, body, timeoutMs) =>
      this.#callLeader(method, body, { timeoutMs }),
    );
  }

  /** Null while parked. For metrics and the simulation; requests go through the methods below. */
  get replica(): Replica | null {
    return this.#phase.state === 'Parked' ? null : this.#phase.replica;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** What metrics count; all zero while there is nothing to count. */
  counts(): MemberCounts {
    const { replica } = this;
    const stats = replica?.store?.stats();
    return {
      proposalsPending: replica?.proposalsPending ?? 0,
      keys: stats?.keyCount ?? 0,
      leases: stats?.leaseCount ?? 0,
      watchers: stats?.watcherCount ?? 0,
      slowWatchers: stats?.slowWatcherCount ?? 0,
    };
  }

  async status(): Promise<ApiStatus> {
    const { options, clock } = this.#with;
    if (this.replica !== null && this.#folder?.engine) this.#databaseBytes = await this.#folder.engine.sizeBytes();
    return buildStatus({
      options,
      identity: this.#folder?.identity ?? this.#identity,
      phase: this.#phase,
      uptimeSeconds: (clock.nowMs() - this.#startedMs) / 1000,
      databaseBytes: this.#databaseBytes,
      logBytes: this.#folder?.log.sizeBytes ?? 0,
    });
  }

  readiness(): ApiReadiness {
    return buildReadiness(this.#phase, this.#with.options);
  }

  position(): MemberPosition {
    const replica = this.#serving();
    const { revision, compactedRevision } = replica.servingStore();
    return {
      clusterId: replica.clusterId,
      memberId: replica.id,
      term: replica.term,
      leader: replica.leader,
      isLearner: replica.membership?.voters.includes(replica.id) === false,
      revision,
      compactedRevision,
    };
  }

  auth(): AuthState {
    return this.replica?.store?.auth ?? NO_AUTH;
  }

  onEvent(listener: (event: MemberEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  propose(command: Command, options: WriteOptions): Promise<Result> {
    try {
      const replica = this.#serving();
      if (command.kind === 'ChangeAuth') assertClusterSpeaks(EXTENDED_FORMAT, replica.servingStore().format);
      if (command.kind === 'MarkCorrupt') assertClusterSpeaks(MARKS_FORMAT, replica.servingStore().format);
      return replica.propose(withDefaults(command, this.#with), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async range(range: Range, options: ReadOptions): Promise<RangeResult> {
    const replica = this.#serving();
    if (options.consistency === 'linearizable') await replica.readBarrier(options);
    return this.#read(replica, options, (store) => store.range(range));
  }

  async read(txn: Txn, options: ReadOptions): Promise<TxnResult | Failed> {
    const replica = this.#serving();
    if (options.consistency === 'linearizable') await replica.readBarrier(options);
    return this.#read(replica, options, (store) => store.read(txn));
  }

  async erased(): Promise<void> {
    await this.#serving().erased();
  }

  async readBarrier(options: RequestOptions): Promise<void> {
    await this.#serving().readBarrier(options);
  }

  async watch(options: WatchOptions): Promise<Watch> {
    return new MemberWatch(await asRequestErrors(async () => this.#serving().servingStore().watch(options)));
  }

  async keepAlive(lease: LeaseId, options: RequestOptions): Promise<{ readonly ttlSeconds: number }> {
    const replica = this.#serving();
    if (replica.isLeader) {
      try {
        return await this.#leaderCalls.keepAlive(lease);
      } catch (error) {
        if (options.mayForward === false || !isNotLeader(error)) throw error;
      }
    }
    if (options.mayForward !== false) return this.#renewals.renew(lease, options.timeoutMs);
    const body = { lease: lease.toString() } satisfies LeaseBody;
    return (await this.#callLeader('keepAlive', body, options)) as { ttlSeconds: number };
  }

  async timeToLive(
    lease: LeaseId,
    withKeys: boolean,
    options: RequestOptions,
  ): Promise<{ readonly lease: Lease; readonly remainingSeconds: number; readonly keys: readonly Buffer[] }> {
    const replica = this.#serving();
    const { remainingMs } = (await this.#callLeader(
      'leaseRemaining',
      { lease: lease.toString() } satisfies LeaseBody,
      options,
    )) as {
      remainingMs: number;
    };
    await replica.readBarrier(options);
    const store = replica.servingStore();
    const found = store.lease(lease);
    if (found === null) throw leaseNotFound(lease);
    const keys = withKeys ? await this.#read(replica, options, (present) => present.leaseKeys(lease)) : [];
    return { lease: found, remainingSeconds: Math.max(0, Math.ceil(remainingMs / 1000)), keys };
  }

  async leases(options: ReadOptions): Promise<readonly Lease[]> {
    const replica = this.#serving();
    if (options.consistency === 'linearizable') await replica.readBarrier(options);
    return [...replica.servingStore().leases()];
  }

  async cluster(options: RequestOptions): Promise<{
    readonly clusterId: string;
    readonly membership: Membership;
    readonly clientUrls: ReadonlyMap<number, string>;
  }> {
    const replica = this.#serving();
    await replica.readBarrier(options);
    const membership = replica.membership as Membership;
    const clientUrls = new Map<number, string>();
    for (const { id } of membership.members) {
      const url = replica.peers.clientUrlOf(id);
      if (url !== undefined) clientUrls.set(id, url);
    }
    return { clusterId: replica.clusterId, membership, clientUrls };
  }

  async bootstrap(given: FoundingRecord): Promise<FoundingRecord> {
    assertValidFounders(given.founders);
    const { snapshotPath: source } = given;
    const { foundingSnapshot } = this.#with;
    if (source === null || foundingSnapshot === undefined) return this.#found(given, source);
    const { grant } = this.#grantable().identity;
    if (grant.kind === 'Founder') {
      const { snapshotSha256 } = grant.record;
      const shown = { ...given, snapshotPath: withoutSecrets(source) };
      return this.#found(snapshotSha256 === undefined ? shown : { snapshotSha256, ...shown }, null);
    }
    this.#expectNoData('founding record');
    this.#founderIn(given);
    if (this.#restoring === null) {
      const outcome = this.#foundFrom(given, source, foundingSnapshot).finally(() => {
        this.#restoring = null;
      });
      this.#restoring = { given, outcome };
    } else if (!isDeepStrictEqual(this.#restoring.given, given)) {
      throw new RequestError('grant_conflict', 'this member is taking another founding record: wait for its end');
    }
    return this.#restoring.outcome;
  }

  async #foundFrom(
    given: FoundingRecord,
    source: string,
    foundingSnapshot: NonNullable<MemberDependencies['foundingSnapshot']>,
  ): Promise<FoundingRecord> {
    const snapshotPath = withoutSecrets(source);
    this.#showWaiting(`reads the snapshot to begin with, ${snapshotPath}`);
    try {
      const { path, sha256, release } = await foundingSnapshot(source, this.#stopping.signal);
      try {
        if (given.snapshotSha256 !== undefined && given.snapshotSha256 !== sha256) {
          const what = `the snapshot at ${snapshotPath} has SHA-256 ${sha256}`;
          throw new RequestError('invalid_request', `${what}, not ${given.snapshotSha256}`);
        }
        return await this.#found({ ...given, snapshotPath, snapshotSha256: sha256 }, path);
      } finally {
        await release();
      }
    } catch (error) {
      this.#showWaiting(`empty: could not begin with a snapshot: ${error instanceof Error ? error.message : error}`);
      throw error;
    }
  }

  /** In the status of a member that waits to be told. */
  #showWaiting(message: string): void {
    if (this.#phase.state === 'Parked' && this.#phase.reason === 'NoData') this.#become(parked('NoData', message));
  }

  #found(record: FoundingRecord, snapshotFile: string | null): Promise<FoundingRecord> {
    return this.#exclusively(async () => {
      const folder = this.#grantable();
      if (folder.identity.grant.kind !== 'Founder') this.#expectNoData('founding record');
      const { id } = this.#founderIn(record);
      await this.#grant(() => folder.acceptFounding(record, id, snapshotFile));
      return record;
    });
  }

  /** This member, as the record has it. */
  #founderIn(record: FoundingRecord): FoundingRecord['founders'][number] {
    const { incarnation } = this.#grantable().identity;
    const self = record.founders.find((founder) => founder.incarnation === incarnation);
    if (self !== undefined) return self;
    throw new RequestError(
      'grant_conflict',
      `the founding record does not list this member's incarnation ${incarnation}`,
    );
  }

  join(record: JoinRecord): Promise<void> {
    return this.#exclusively(async () => {
      for (const { peerAddress } of record.peers) assertValidPeerAddress(peerAddress);
      const folder = this.#grantable();
      if (folder.identity.grant.kind !== 'Joiner') this.#expectNoData('join record');
      await this.#grant(() => folder.acceptJoin(record));
    });
  }

  recover(record: RecoveryRecord): Promise<void> {
    return this.#exclusively(async () => {
      const folder = this.#grantable();
      const accepted = folder.identity.grant;
      if (accepted.kind === 'Survivor' && accepted.record.nonce === record.nonce) {
        if (accepted.record.clusterId === record.clusterId) return;
        throw new RequestError(
          'grant_conflict',
          `nonce ${record.nonce} was already used for cluster ${accepted.record.clusterId}`,
        );
      }
      const replica = assertMayRecover(this.replica, folder.identity, record);
      try {
        await replica.halt();
        const tail = replica.unappliedEntries();
        await this.#grant(() => folder.acceptRecovery(record, replica.id, tail), true);
      } catch (error) {
        // It has halted, and which cluster its disk is of is not known: the next start goes on from what is there.
        this.#with.onFatal(error);
        throw error;
      }
    });
  }

  async changeMembership(
    change: MembershipChange,
    expectedConfigIndex: number | null,
    options: RequestOptions,
  ): Promise<{ readonly id: number; readonly configIndex: number }> {
    if (change.kind === 'AddLearner') {
      assertValidName(change.name);
      assertValidPeerAddress(change.peerAddress);
    } else if (change.kind === 'AddUnclaimed' || change.kind === 'UpdateAddress') {
      assertValidPeerAddress(change.peerAddress);
      assertClusterSpeaks(EXTENDED_FORMAT, this.#serving().servingStore().format);
    }
    const body = { change, expectedConfigIndex, timeoutMs: options.timeoutMs } satisfies ChangeBody;
    const answer = await this.#callLeader('changeMembership', body, options);
    return answer as { id: number; configIndex: number };
  }

  async transferLeader(to: number | null, options: RequestOptions): Promise<number> {
    const body = { to, timeoutMs: options.timeoutMs } satisfies TransferBody;
    return (await this.#callLeader('transferLeader', body, options)) as number;
  }

  async membersWithoutSpace(options: RequestOptions): Promise<readonly number[]> {
    return (await this.#callLeader('membersWithoutSpace', null, options)) as number[];
  }

  corruptMembers(): readonly number[] {
    return this.replica?.store?.corrupt ?? [];
  }

  async hash(revision: number): Promise<StateHash> {
    const store = this.#serving().servingStore();
    return asRequestErrors(() => store.hash(revision));
  }

  async openSnapshot(): Promise<SnapshotSource> {
    return this.#serving().openSnapshot();
  }

  /** Hands leadership over, finishes what was accepted, says goodbye, closes; all within the stop timeout. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#exclusively(async () => {
      await this.replica?.stop(this.#with.options.stopTimeoutMs);
      this.#become(parked('NoData', 'stopped'));
      await this.#folder?.close();
    });
  }

  async #open(): Promise<void> {
    try {
      this.#folder = await this.#with.openFolder();
      await this.#takeUp(this.#folder);
    } catch (error) {
      if (error instanceof DataDamaged || error instanceof NewerFormat) this.#identity = error.identity;
      if (error instanceof DataDamaged) this.#become(parked('Damaged', error.message));
      else if (isTooNew(error)) this.#become(parked('NewerFormat', error.message));
      else throw error;
    }
  }

  async #takeUp(folder: DataFolder): Promise<void> {
    const membership = membershipOf(folder.identity);
    if (folder.identity.isRemoved)
      return this.#become(
        parked('Removed', 'this member was removed from its cluster: empty its data folder to join again'),
      );
    if (membership === null)
      return this.#become(parked('NoData', 'empty: waits to be told to form a cluster or to join one'));
    const { options, createNetwork, clock, random, observer } = this.#with;
    let replica: Replica | null = null;
    // Events may come before `start` has returned; what they change is looked at again once it has.
    replica = await Replica.start({
      ...membership,
      folder,
      network: createNetwork(),
      clock,
      random,
      options,
      observer,
      callHandlers: this.#leaderCalls.handlers,
      events: {
        changed: () => this.#conditions.changed(),
        raft: (event) => this.#raftEvent(event),
        membershipChanged: (changed) => this.#emit({ kind: 'MembershipChanged', membership: changed }),
        becameMember: () => replica !== null && this.#become({ state: 'Member', replica }),
        refused: (refusal) => this.#refused(refusal),
        fatal: (error) => this.#fatal(error),
      },
    });
    this.#become({ state: replica.isMember ? 'Member' : 'Joining', replica });
  }

  /** Makes a record durable and goes on from the folder as it then is: the same way as after a restart. */
  async #grant(accept: () => Promise<void>, isReplacing = false): Promise<void> {
    const folder = this.#folder as DataFolder;
    const wasParked = this.#phase.state === 'Parked';
    try {
      await accept();
    } catch (error) {
      if (error instanceof GrantConflict) throw new RequestError('grant_conflict', error.message);
      if (error instanceof SnapshotDamaged || error instanceof NewerFormat) {
        throw new RequestError('invalid_request', `the snapshot cannot be used: ${error.message}`);
      }
      throw error;
    }
    if (!wasParked && !isReplacing) return; // accepted before; it only says yes again
    await folder.close();
    await this.#open();
  }

  #grantable(): DataFolder {
    const folder = this.#folder;
    if (folder !== null && !(this.#phase.state === 'Parked' && this.#phase.reason !== 'NoData')) return folder;
    throw this.#parkedError();
  }

  #expectNoData(what: string): void {
    if (this.#phase.state === 'Parked' && this.#phase.reason === 'NoData') return;
    throw new RequestError(
      'grant_conflict',
      `this member already belongs to cluster ${this.replica?.clusterId}: it takes no ${what}`,
    );
  }

  /** A snapshot that takes the state's place closes its engine under those who read: they read the new one, once it is there. */
  async #read<T>(replica: Replica, { timeoutMs }: RequestOptions, read: (store: Store) => Promise<T>): Promise<T> {
    const store = replica.servingStore();
    try {
      return await asRequestErrors(() => read(store));
    } catch (error) {
      if (error instanceof RequestError) throw error;
      const isReplaced = (): boolean => replica.store !== store || this.replica !== replica;
      if (!(await this.#conditions.until(isReplaced, timeoutMs))) throw error;
      return asRequestErrors(() => read(this.#serving().servingStore()));
    }
  }

  /** Requests are served by members alone. */
  #serving(): Replica {
    if (this.#phase.state === 'Member') return this.#phase.replica;
    if (this.#phase.state === 'Parked') throw this.#parkedError();
    throw new RequestError(
      'not_ready',
      'this member is joining: it waits for its first snapshot, or for the log it had acknowledged',
    );
  }

  #parkedError(): RequestError {
    const { phase } = this;
    if (phase.state !== 'Parked') return new RequestError('not_ready', 'this member changes its state: retry');
    return new RequestError('parked', `this member is parked (${phase.reason}): ${phase.message}`);
  }

  /** While leadership moves, who is asked may lead no more. It has then done nothing, and who leads next is asked. */
  async #callLeader(method: string, body: unknown, options: RequestOptions): Promise<unknown> {
    const replica = this.#serving();
    const deadlineMs = this.#with.clock.nowMs() + options.timeoutMs;
    const leftMs = (): number => Math.max(0, deadlineMs - this.#with.clock.nowMs());
    for (;;) {
      await this.#conditions.until(() => replica.leader !== NO_MEMBER, leftMs());
      const { leader, term } = replica;
      try {
        return await replica.callLeader(method, body, { ...options, timeoutMs: leftMs() });
      } catch (error) {
        if (options.mayForward === false || !isNotLeader(error)) throw error;
        const hasMoved = (): boolean =>
          replica.leader !== NO_MEMBER && (replica.leader !== leader || replica.term > term);
        if (!(await this.#conditions.until(hasMoved, leftMs()))) throw error;
      }
    }
  }

  #raftEvent(event: RaftEvent): void {
    if (event.kind === 'RoleChanged') {
      if (event.leader !== NO_MEMBER) this.#refusal = null;
      this.#emit({ kind: 'RoleChanged', role: event.role, term: event.term, leader: event.leader });
    } else if (event.kind === 'ElectionStarted') {
      this.#emit({ kind: 'ElectionStarted', term: event.term, reason: event.reason });
    }
  }

  /**
   * One peer's word is not enough, even about our own removal: while others still need our vote to commit that removal,
   * or to learn that it is committed, leaving would stop them for ever. So it counts when nobody wants us any more.
   */
  #refused(refusal: RefusedHandshake): void {
    const reason = REASONS[refusal.code] ?? null;
    if (reason === null || this.#refusal !== null) return;
    this.#refusal = refusal;
    const { clock, options } = this.#with;
    const limitMs = REFUSED_ELECTION_TIMEOUTS * options.timing.electionTimeoutMs;
    clock.after(limitMs, () => {
      const isConnected = this.replica?.peers.states().some((peer) => peer.isConnected) ?? false;
      const isStillRefused = this.#refusal === refusal && !isConnected && (this.replica?.leaderlessMs ?? 0) >= limitMs;
      this.#refusal = null;
      if (isStillRefused) this.#leave(reason, refusal.message);
    });
  }

  #leave(reason: ParkedReason, message: string): void {
    const leave = async (): Promise<void> => {
      const { replica } = this;
      if (replica === null) return;
      await replica.halt();
      if (reason === 'Removed') await this.#folder?.markRemoved();
      this.#become(parked(reason, message));
    };
    this.#exclusively(leave).catch((error: unknown) => this.#with.onFatal(error));
  }

  #fatal(error: unknown): void {
    if (!isTooNew(error)) return this.#with.onFatal(error);
    this.#leave('NewerFormat', error.message);
  }

  #become(phase: Phase): void {
    this.#phase = phase;
    const reason = phase.state === 'Parked' ? phase.reason : null;
    this.#with.observer.log(reason === null || reason === 'NoData' ? 'info' : 'warn', 'state_changed', {
      state: phase.state,
      ...(phase.state === 'Parked' ? { reason, message: phase.message } : { id: phase.replica.id }),
    });
    this.#emit({ kind: 'StateChanged', state: phase.state, reason });
    this.#conditions.changed();
  }

  #emit(event: MemberEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const next = this.#transition.then(action, action);
    this.#transition = next.catch(() => {});
    return next;
  }
}

/** Of whoever was asked; it may know no other one yet. */
function isNotLeader(error: unknown): boolean {
  return error instanceof RequestError && (error.code === 'not_leader' || error.code === 'no_leader');
}

function isTooNew(error: unknown): error is Error {
  return error instanceof NewerFormat || error instanceof UnknownEntry || error instanceof FormatTooNew;
}

function membershipOf(identity: Identity): { clusterId: string; id: number; peerHints: JoinRecord['peers'] } | null {
  const { grant } = identity;
  switch (grant.kind) {
    case 'None':
      return null;
    case 'Founder':
    case 'Survivor':
      return { clusterId: grant.record.clusterId, id: grant.memberId, peerHints: [] };
    case 'Joiner':
      return { clusterId: grant.record.clusterId, id: grant.record.memberId, peerHints: grant.record.peers };
  }
}

/** Raised so that a lease cannot end within one election: nobody could have kept it alive (etcd does the same). */
function withDefaults(command: Command, { options, random }: MemberDependencies): Command {
  if (command.kind !== 'LeaseGrant') return command;
  const minimumSeconds = Math.ceil((1.5 * options.timing.electionTimeoutMs) / 1000);
  const id = command.id === 0n ? drawLeaseId(random) : command.id;
  return { ...command, id, ttlSeconds: Math.max(command.ttlSeconds, minimumSeconds) };
}

function drawLeaseId(random: () => number): LeaseId {
  const high = BigInt(Math.floor(random() * 2 ** 31));
  const low = BigInt(Math.floor(random() * 2 ** 32));
  return (high << 32n) | low || 1n;
}
