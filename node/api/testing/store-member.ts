/** A member without Raft for tests of the API: the real store on an engine in memory, and knobs for what goes wrong. */
import { setImmediate } from 'node:timers/promises';
import type { ApiReadiness, ApiStatus } from '../../../client/types.ts';
import { HeldAnswers } from '../../server/held-answers.ts';
import { asRequestErrors, MemberWatch } from '../../server/store-errors.ts';
import {
  type Member,
  type MemberEvent,
  type MemberPosition,
  type ReadOptions,
  RequestError,
  type RequestOptions,
  type WriteOptions,
} from '../../server/types.ts';
import type { FoundingRecord, JoinRecord, RecoveryRecord, SnapshotSource } from '../../storage/types.ts';
import type { AuthState } from '../../store/auth/state.ts';
import { decodeProposal, encodeProposal } from '../../store/codec.ts';
import { foundingRows } from '../../store/initial-state.ts';
import { type StateHash, Store } from '../../store/store.ts';
import { MemoryEngine } from '../../store/testing/memory-engine.ts';
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
} from '../../store/types.ts';

const membership: Membership = {
  configIndex: 1,
  lastMemberId: 2,
  members: [
    { id: 1, name: 'm1', peerAddress: '10.0.0.1:2380', incarnation: '1'.repeat(32) },
    { id: 2, name: 'm2', peerAddress: '10.0.0.2:2380', incarnation: '2'.repeat(32) },
  ],
  voters: [1],
  leaving: null,
};

const clusterId = '00000000000000c1';

export class StoreMember implements Member {
  readonly store: Store;
  /** By the clock of `answers`. */
  nowMs = 0;
  readonly answers: HeldAnswers = new HeldAnswers(() => this.nowMs, 8_000_000);
  /** What reached the member, as `[call, what]`. */
  readonly calls: [string, unknown][] = [];
  /** Thrown by every call but status and readiness. */
  failure: Error | null = null;
  /** Awaited by every proposal and range before it is carried out. */
  gate: Promise<unknown> = Promise.resolve();
  readinessAnswer: ApiReadiness = { ready: true, checks: [{ name: 'leader', ok: true }] };
  statusChange: Partial<ApiStatus> = {};
  isLearner = false;
  snapshotChunks: Buffer[] = [];
  snapshotsOpen = 0;
  watchesOpen = 0;
  readonly #listeners = new Set<(event: MemberEvent) => void>();
  #applying: Promise<unknown> = Promise.resolve();
  #sequence = 0;

  private constructor(store: Store) {
    this.store = store;
  }

  static async open(): Promise<StoreMember> {
    const engine = new MemoryEngine();
    await engine.write(foundingRows({ clusterId, format: 3, membership }));
    return new StoreMember(await Store.open(engine, { maxQueuedBytesPerWatch: 1 << 20 }));
  }

  emit(event: MemberEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  async status(): Promise<ApiStatus> {
    return {
      name: 'm1',
      incarnation: '1'.repeat(32),
      peer_address: '10.0.0.1:2380',
      client_url: 'http://127.0.0.1:2379',
      version: '0.1.0',
      format: 1,
      state: 'Member',
      cluster_id: clusterId,
      member_id: 1,
      role: 'Leader',
      term: 1,
      leader: 1,
      revision: this.store.revision,
      corrupt_members: [...this.store.corrupt],
      commit: this.store.appliedIndex,
      applied: this.store.appliedIndex,
      last_index: this.store.appliedIndex,
      first_index: 1,
      uptime_seconds: 1,
      ...this.statusChange,
    };
  }

  readiness(): ApiReadiness {
    return this.readinessAnswer;
  }

  position(): MemberPosition {
    const { isLearner, store } = this;
    const { revision, compactedRevision } = store;
    return { clusterId, memberId: 1, term: 1, leader: 1, isLearner, revision, compactedRevision };
  }

  auth(): AuthState {
    return this.store.auth;
  }

  onEvent(listener: (event: MemberEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async propose(command: Command, options: WriteOptions): Promise<Result> {
    this.#called('propose', { command, options });
    await this.gate;
    const applied = this.#applying.then(() => this.#apply(command, options));
    this.#applying = applied.catch(() => undefined);
    return applied;
  }

  async range(range: Range, options: ReadOptions): Promise<RangeResult> {
    this.#called('range', { range, options });
    await this.gate;
    this.answers.assertRoom();
    return asRequestErrors(() => this.store.range(range));
  }

  async read(txn: Txn, options: ReadOptions): Promise<TxnResult | Failed> {
    this.#called('read', { txn, options });
    await this.gate;
    return asRequestErrors(() => this.store.read(txn));
  }

  async erased(): Promise<void> {
    this.#called('erased', null);
    while (await this.store.compactStep(1000));
  }

  async readBarrier(options: RequestOptions): Promise<void> {
    this.#called('readBarrier', options);
  }

  async watch(options: WatchOptions): Promise<Watch> {
    this.#called('watch', options);
    const watch = new MemberWatch(await asRequestErrors(async () => this.store.watch(options)));
    this.watchesOpen += 1;
    const close = watch.close.bind(watch);
    let isOpen = true;
    watch.close = () => {
      if (isOpen) this.watchesOpen -= 1;
      isOpen = false;
      close();
    };
    return watch;
  }

  async keepAlive(lease: LeaseId, options: RequestOptions): Promise<{ readonly ttlSeconds: number }> {
    this.#called('keepAlive', { lease, options });
    await this.gate;
    return { ttlSeconds: this.#leaseOf(lease).ttlSeconds };
  }

  async timeToLive(
    id: LeaseId,
    withKeys: boolean,
    options: RequestOptions,
  ): Promise<{ readonly lease: Lease; readonly remainingSeconds: number; readonly keys: readonly Buffer[] }> {
    this.#called('timeToLive', { id, withKeys, options });
    const lease = this.#leaseOf(id);
    return { lease, remainingSeconds: lease.remainingSeconds, keys: withKeys ? await this.store.leaseKeys(id) : [] };
  }

  async leases(options: ReadOptions): Promise<readonly Lease[]> {
    this.#called('leases', options);
    return [...this.store.leases()];
  }

  async cluster(options: RequestOptions): Promise<{
    readonly clusterId: string;
    readonly membership: Membership;
    readonly clientUrls: ReadonlyMap<number, string>;
  }> {
    this.#called('cluster', options);
    return { clusterId, membership, clientUrls: new Map([[1, 'http://127.0.0.1:2379']]) };
  }

  async bootstrap(record: FoundingRecord): Promise<FoundingRecord> {
    this.#called('bootstrap', record);
    return record;
  }

  async join(record: JoinRecord): Promise<void> {
    this.#called('join', record);
  }

  async recover(record: RecoveryRecord): Promise<void> {
    this.#called('recover', record);
  }

  async changeMembership(
    change: MembershipChange,
    expectedConfigIndex: number | null,
    options: RequestOptions,
  ): Promise<{ readonly id: number; readonly configIndex: number }> {
    this.#called('changeMembership', { change, expectedConfigIndex, options });
    return { id: 3, configIndex: 9 };
  }

  async transferLeader(to: number | null, options: RequestOptions): Promise<number> {
    this.#called('transferLeader', { to, options });
    return to ?? 2;
  }

  async membersWithoutSpace(options: RequestOptions): Promise<readonly number[]> {
    this.#called('membersWithoutSpace', options);
    return this.statusChange.no_space ? [1] : [];
  }

  corruptMembers(): readonly number[] {
    return this.store.corrupt;
  }

  async hash(revision: number): Promise<StateHash> {
    this.#called('hash', revision);
    return asRequestErrors(() => this.store.hash(revision));
  }

  async openSnapshot(): Promise<SnapshotSource> {
    this.#called('openSnapshot', null);
    this.snapshotsOpen += 1;
    const chunks = this.snapshotChunks;
    return {
      id: 's',
      header: { format: 1, clusterId, index: 7, term: 1, membership, revision: 5 },
      async *chunks(from) {
        for (const chunk of chunks.slice(from)) {
          await setImmediate();
          yield chunk;
        }
      },
      close: async () => {
        this.snapshotsOpen -= 1;
      },
    };
  }

  async #apply(command: Command, options: WriteOptions): Promise<Result> {
    const index = this.store.appliedIndex + 1;
    const idempotency = options.idempotency ?? null;
    const auth = options.authRevision === undefined ? null : { authRevision: options.authRevision };
    this.#sequence += 1;
    const isUnnamed = command.kind === 'LeaseGrant' && command.id === 0n;
    const named = isUnnamed ? { ...command, id: BigInt(index) } : command;
    const asked = { origin: 1, sequence: this.#sequence, timeMs: Date.now(), idempotency, ...auth, command: named };
    // By way of its bytes, as through the log: what cannot be written there is not taken here either.
    const proposal = decodeProposal(encodeProposal(asked));
    const [result] = await this.store.apply([{ index, term: 1, isConfiguration: false, proposal }]);
    return result!;
  }

  #leaseOf(id: LeaseId): Lease {
    const lease = this.store.lease(id);
    if (lease === null) throw new RequestError('lease_not_found', `there is no lease ${id}`);
    return lease;
  }

  #called(name: string, what: unknown): void {
    this.calls.push([name, what]);
    if (this.failure !== null) throw this.failure;
  }
}
