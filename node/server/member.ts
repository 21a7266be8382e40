/**
 * One member, as whoever serves clients sees it: which of their calls it takes in which state (phase.ts), and where each
 * is answered: by its store, after a round of confirmation, by the log, or by the leader. How it gets from one state to
 * the next: lifecycle.ts.
 */
import type { ApiReadiness, ApiStatus } from '../../client/types.ts';
import { NO_MEMBER } from '../raft/types.ts';
import type { FoundingRecord, JoinRecord, RecoveryRecord, SnapshotSource } from '../storage/types.ts';
import { type AuthState, NO_AUTH } from '../store/auth/state.ts';
import { resultBytes } from '../store/result-bytes.ts';
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
import { assertValidName, assertValidPeerAddress } from './addressing.ts';
import { withDefaults } from './command-defaults.ts';
import { Conditions } from './conditions.ts';
import { assertClusterSpeaks, EXTENDED_FORMAT, MARKS_FORMAT } from './format.ts';
import { HeldAnswers } from './held-answers.ts';
import { type ChangeBody, LeaderCalls, type LeaseBody, leaseNotFound, type TransferBody } from './leader-calls.ts';
import { LeaseRenewals } from './lease-renewals.ts';
import { Lifecycle, type LifecycleDependencies } from './lifecycle.ts';
import { type Phase, serving } from './phase.ts';
import { ReadTurns } from './read-turns.ts';
import type { Replica } from './replica.ts';
import { buildReadiness, buildStatus } from './status.ts';
import { asRequestErrors, MemberWatch } from './store-errors.ts';
import {
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

export class LocalMember implements Member {
  readonly answers: HeldAnswers;
  readonly #with: LifecycleDependencies;
  readonly #startedMs: number;
  readonly #conditions: Conditions;
  readonly #lifecycle: Lifecycle;
  readonly #leaderCalls: LeaderCalls;
  readonly #renewals: LeaseRenewals;
  readonly #turns: ReadTurns;
  #databaseBytes = 0;

  static async start(dependencies: LifecycleDependencies): Promise<LocalMember> {
    const member = new LocalMember(dependencies);
    await member.#lifecycle.open();
    return member;
  }

  private constructor(dependencies: LifecycleDependencies) {
    this.#with = dependencies;
    this.#startedMs = dependencies.clock.nowMs();
    this.answers = new HeldAnswers(() => dependencies.clock.nowMs(), dependencies.options.limits.maxHeldAnswerBytes);
    this.#turns = new ReadTurns(dependencies.clock);
    this.#conditions = new Conditions(dependencies.clock);
    this.#leaderCalls = new LeaderCalls({
      serving: () => this.#serving(),
      conditions: this.#conditions,
      clock: dependencies.clock,
      observer: dependencies.observer,
      electionTimeoutMs: dependencies.options.timing.electionTimeoutMs,
    });
    this.#lifecycle = new Lifecycle(dependencies, {
      callHandlers: this.#leaderCalls.handlers,
      changed: () => this.#conditions.changed(),
    });
    this.#renewals = new LeaseRenewals(dependencies.clock, (method, body, timeoutMs) =>
      this.#callLeader(method, body, { timeoutMs }),
    );
  }

  /** Null while parked. For metrics and the simulation; requests go through the methods below. */
  get replica(): Replica | null {
    return this.#lifecycle.replica;
  }

  get phase(): Phase {
    return this.#lifecycle.phase;
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
    const { folder } = this.#lifecycle;
    if (this.replica !== null && folder?.engine) this.#databaseBytes = await folder.engine.sizeBytes();
    return buildStatus({
      options,
      identity: this.#lifecycle.identity,
      phase: this.phase,
      uptimeSeconds: (clock.nowMs() - this.#startedMs) / 1000,
      databaseBytes: this.#databaseBytes,
      logBytes: this.#lifecycle.folder?.log.sizeBytes ?? 0,
    });
  }

  readiness(): ApiReadiness {
    return buildReadiness(this.phase, this.#with.options);
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
    return this.#lifecycle.onEvent(listener);
  }

  propose(command: Command, options: WriteOptions): Promise<Result> {
    try {
      const replica = this.#serving();
      if (mayAnswerMuch(command)) this.answers.assertRoom();
      if (command.kind === 'ChangeAuth') assertClusterSpeaks(EXTENDED_FORMAT, replica.servingStore().format);
      if (command.kind === 'MarkCorrupt') assertClusterSpeaks(MARKS_FORMAT, replica.servingStore().format);
      const { options: settings, random } = this.#with;
      return replica.propose(withDefaults(command, settings.timing.electionTimeoutMs, random), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async range(range: Range, options: ReadOptions): Promise<RangeResult> {
    const deadlineMs = this.#deadlineOf(options);
    const replica = this.#serving();
    if (options.consistency === 'linearizable') await replica.readBarrier(options);
    const read = (): Promise<RangeResult> => this.#read(replica, options, (store) => store.range(range));
    if (range.rangeEnd !== null && !range.countOnly)
      return this.#turns.run(read, resultBytes, deadlineMs, options.isWanted);
    const result = await read();
    // Again: thousands may have come together, each with a large value. What was read is thrown away then.
    this.answers.assertRoom();
    return result;
  }

  async read(txn: Txn, options: ReadOptions): Promise<TxnResult | Failed> {
    const deadlineMs = this.#deadlineOf(options);
    const replica = this.#serving();
    if (options.consistency === 'linearizable') await replica.readBarrier(options);
    const read = (): Promise<TxnResult | Failed> => this.#read(replica, options, (store) => store.read(txn));
    return this.#turns.run(read, resultBytes, deadlineMs, options.isWanted);
  }

  async erased(): Promise<void> {
    await this.#serving().erased();
  }

  async readBarrier(options: RequestOptions): Promise<void> {
    await this.#serving().readBarrier(options);
  }

  async watch(options: WatchOptions): Promise<Watch> {
    return new MemberWatch(await asRequestErrors(async () => this.#serving().watch(options)));
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
    const body = { lease: lease.toString() } satisfies LeaseBody;
    const { remainingMs } = (await this.#callLeader('leaseRemaining', body, options)) as { remainingMs: number };
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

  async cluster(options: RequestOptions): ReturnType<Member['cluster']> {
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

  bootstrap(given: FoundingRecord): Promise<FoundingRecord> {
    return this.#lifecycle.bootstrap(given);
  }

  join(record: JoinRecord): Promise<void> {
    return this.#lifecycle.join(record);
  }

  recover(record: RecoveryRecord): Promise<void> {
    return this.#lifecycle.recover(record);
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
    return this.#lifecycle.stop();
  }

  #deadlineOf({ timeoutMs }: RequestOptions): number {
    return this.#with.clock.nowMs() + timeoutMs;
  }

  /** A snapshot that takes the state's place closes its engine under those who read: they read the new one, once it is there. */
  async #read<T>(replica: Replica, { timeoutMs }: RequestOptions, read: (store: Store) => Promise<T>): Promise<T> {
    this.answers.assertRoom();
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

  #serving(): Replica {
    return serving(this.#lifecycle.phase);
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
}

/** Whether the member that was asked does not lead; it may know no other leader yet. */
function isNotLeader(error: unknown): boolean {
  return error instanceof RequestError && (error.code === 'not_leader' || error.code === 'no_leader');
}

/** Whether its answer may hold more than the command itself. */
function mayAnswerMuch(command: Command): boolean {
  return command.kind === 'Txn' || (command.kind === 'DeleteRange' && command.returnPrevious);
}
