/**
 * A member with the rights of one caller: the one door through which all requests of clients go, whatever they speak. While
 * authentication is not enabled, everyone may do everything. What is not listed here as open needs a user, or the role root.
 *
 * A member may not know yet that something was forbidden. So a write carries the revision of what it was allowed by, which is
 * checked at apply; and a read is looked at once more when it is done, by what has been applied through then.
 */
import type { ApiReadiness, ApiStatus } from '../../client/types.ts';
import type { FoundingRecord, JoinRecord, RecoveryRecord, SnapshotSource } from '../storage/types.ts';
import { isRoot, type Need, type Needs, needsOf, permits } from '../store/auth/permits.ts';
import type { AuthState } from '../store/auth/state.ts';
import type { StateHash } from '../store/store.ts';
import type {
  Command,
  Failed,
  Keys,
  Lease,
  LeaseId,
  MembershipChange,
  Range,
  RangeResult,
  Result,
  Txn,
  TxnResult,
  WatchOptions,
} from '../store/types.ts';
import { batchesOf } from '../store/watch-batches.ts';
import type { Tokens } from './auth-token.ts';
import type { HeldAnswers } from './held-answers.ts';
import {
  type Member,
  type MemberEvent,
  type MemberPosition,
  type ReadOptions,
  RequestError,
  type RequestOptions,
  type Watch,
  type WatchBatch,
  type WriteOptions,
} from './types.ts';

/** How a caller shows who it is; both may be missing. */
export type Credentials = {
  readonly token: () => string | undefined;
  /** Common name of a client certificate that our authority has issued. */
  readonly certificateName: () => string | null;
  /** The wall clock's, which all members share: tokens end by it. */
  readonly nowMs: () => number;
  readonly tokens: Tokens;
};

export class AuthorizedMember implements Member {
  readonly #inner: Member;
  readonly #credentials: Credentials;
  /** Of a stream or call that has shown who it is: a token that ends later does not end what it began. */
  #userName: string | null = null;

  constructor(inner: Member, credentials: Credentials) {
    this.#inner = inner;
    this.#credentials = credentials;
  }

  get answers(): HeldAnswers {
    return this.#inner.answers;
  }

  /** Null while authentication is not enabled. @throws RequestError */
  get userName(): string | null {
    const state = this.#inner.auth();
    return state.isEnabled ? this.#nameIn(state, false) : null;
  }

  /** @throws RequestError */
  assertUser(): void {
    this.#check(userNeeds);
  }

  /** @throws RequestError */
  assertRoot(): void {
    this.#check(rootNeeds);
  }

  status(): Promise<ApiStatus> {
    return this.#inner.status();
  }

  readiness(): ApiReadiness {
    return this.#inner.readiness();
  }

  position(): MemberPosition {
    return this.#inner.position();
  }

  auth(): AuthState {
    return this.#inner.auth();
  }

  onEvent(listener: (event: MemberEvent) => void): () => void {
    return this.#inner.onEvent(listener);
  }

  propose(command: Command, options: WriteOptions): Promise<Result> {
    const state = this.#inner.auth();
    return state.isEnabled ? this.#proposeAuthorized(state, command, options) : this.#inner.propose(command, options);
  }

  async #proposeAuthorized(state: AuthState, command: Command, options: WriteOptions): Promise<Result> {
    const needs = needsOf(command);
    this.#check(needs);
    for (const lease of needs.leases) await this.#checkLease(lease, options);
    return this.#inner.propose(command, { ...options, authRevision: state.revision });
  }

  async range(range: Range, options: ReadOptions): Promise<RangeResult> {
    return this.#read(needsOf(range), () => this.#inner.range(range, options));
  }

  async read(txn: Txn, options: ReadOptions): Promise<TxnResult | Failed> {
    return this.#read(needsOf(txn), () => this.#inner.read(txn, options));
  }

  async erased(): Promise<void> {
    this.#check(rootNeeds);
    await this.#inner.erased();
  }

  async readBarrier(options: RequestOptions): Promise<void> {
    await this.#inner.readBarrier(options);
  }

  async watch(options: WatchOptions): Promise<Watch> {
    const needs = toAll([options], 'Read');
    this.#check(needs);
    const watch = await this.#inner.watch(options);
    return new AuthorizedWatch(watch, () => this.#check(needs));
  }

  async keepAlive(lease: LeaseId, options: RequestOptions): Promise<{ readonly ttlSeconds: number }> {
    this.#check(userNeeds);
    return this.#inner.keepAlive(lease, options);
  }

  async timeToLive(
    lease: LeaseId,
    withKeys: boolean,
    options: RequestOptions,
  ): Promise<{ readonly lease: Lease; readonly remainingSeconds: number; readonly keys: readonly Buffer[] }> {
    this.#check(userNeeds);
    const found = await this.#inner.timeToLive(lease, withKeys, options);
    this.#check(toAll(found.keys.map(alone), 'Read'));
    return found;
  }

  async leases(options: ReadOptions): Promise<readonly Lease[]> {
    return this.#read(userNeeds, () => this.#inner.leases(options));
  }

  async cluster(options: RequestOptions): ReturnType<Member['cluster']> {
    return this.#read(userNeeds, () => this.#inner.cluster(options));
  }

  /** Only a member that belongs to no cluster takes it, and that one has no users. */
  bootstrap(record: FoundingRecord): Promise<FoundingRecord> {
    return this.#inner.bootstrap(record);
  }

  join(record: JoinRecord): Promise<void> {
    return this.#inner.join(record);
  }

  async recover(record: RecoveryRecord): Promise<void> {
    this.#check(rootNeeds);
    await this.#inner.recover(record);
  }

  async changeMembership(
    change: MembershipChange,
    expectedConfigIndex: number | null,
    options: RequestOptions,
  ): Promise<{ readonly id: number; readonly configIndex: number }> {
    await this.#checkRootNow(options);
    return this.#inner.changeMembership(change, expectedConfigIndex, options);
  }

  async transferLeader(to: number | null, options: RequestOptions): Promise<number> {
    await this.#checkRootNow(options);
    return this.#inner.transferLeader(to, options);
  }

  async membersWithoutSpace(options: RequestOptions): Promise<readonly number[]> {
    this.#check(userNeeds);
    return this.#inner.membersWithoutSpace(options);
  }

  corruptMembers(): readonly number[] {
    return this.#inner.corruptMembers();
  }

  async hash(revision: number): Promise<StateHash> {
    return this.#read(rootNeeds, () => this.#inner.hash(revision));
  }

  async openSnapshot(): Promise<SnapshotSource> {
    this.#check(rootNeeds);
    return this.#inner.openSnapshot();
  }

  async #read<T>(needs: Needs, read: () => Promise<T>): Promise<T> {
    const before = this.#inner.auth();
    this.#check(needs);
    const result = await read();
    // Rights that were taken away before the read began are applied here by now, since it has waited for the quorum.
    if (this.#inner.auth() !== before) this.#check(needs);
    return result;
  }

  /** For calls that no log entry checks again at apply: by rights that are up to date with the quorum. */
  async #checkRootNow(options: RequestOptions): Promise<void> {
    this.#check(rootNeeds);
    if (!this.#inner.auth().isEnabled) return;
    await this.#inner.readBarrier(options);
    this.#check(rootNeeds);
  }

  /** @throws RequestError unauthenticated, permission_denied */
  #check({ rank, keys }: Needs): void {
    const state = this.#inner.auth();
    if (!state.isEnabled) return;
    const name = this.#nameIn(state, keys.length > 0);
    if (rank === 'Root' ? !isRoot(state, name) : !keys.every((need) => permits(state, name, need))) throw denied(name);
  }

  async #checkLease(lease: LeaseId, options: RequestOptions): Promise<void> {
    let keys: readonly Buffer[];
    try {
      ({ keys } = await this.#inner.timeToLive(lease, true, options));
    } catch (error) {
      // A lease that does not exist has no keys to check; the command itself will report that.
      if (error instanceof RequestError && error.code === 'lease_not_found') return;
      throw error;
    }
    this.#check(toAll(keys.map(alone), 'Write'));
  }

  #nameIn(state: AuthState, concernsKeys: boolean): string {
    if (this.#userName !== null) {
      const present = state.users.some(({ name }) => name === this.#userName);
      if (!present) throw unauthenticated('the user was deleted');
      return this.#userName;
    }
    const { token: given, certificateName, nowMs, tokens } = this.#credentials;
    const token = given();
    const user =
      token === undefined
        ? state.users.find(({ name }) => name === certificateName())
        : tokens.userOf(state, token, nowMs(), concernsKeys);
    if (!user) throw unauthenticated('this cluster has users: show a token (POST /v3/auth/authenticate)');
    this.#userName = user.name;
    return user.name;
  }
}

class AuthorizedWatch implements Watch {
  readonly #inner: Watch;
  readonly #check: () => void;

  constructor(inner: Watch, check: () => void) {
    this.#inner = inner;
    this.#check = check;
  }

  get revision(): number {
    return this.#inner.revision;
  }

  requestProgress(): void {
    this.#inner.requestProgress();
  }

  close(): void {
    this.#inner.close();
  }

  /** What the caller may read no longer ends the watch. */
  next(): WatchBatch | null | Promise<WatchBatch | null> {
    const next = this.#inner.next();
    return next instanceof Promise ? next.then(this.#checked) : this.#checked(next);
  }

  [Symbol.asyncIterator](): AsyncGenerator<WatchBatch, void, undefined> {
    return batchesOf(this);
  }

  readonly #checked = (batch: WatchBatch | null): WatchBatch | null => {
    if (batch !== null) this.#check();
    return batch;
  };
}

const userNeeds: Needs = { rank: 'User', keys: [], leases: [] };
const rootNeeds: Needs = { rank: 'Root', keys: [], leases: [] };

function toAll(ranges: readonly Keys[], right: Need['right']): Needs {
  return { ...userNeeds, keys: ranges.map(({ key, rangeEnd }) => ({ key, rangeEnd, right })) };
}

function alone(key: Buffer): Keys {
  return { key, rangeEnd: null };
}

function denied(name: string): RequestError {
  return new RequestError('permission_denied', `user '${name}' has no right to this`);
}

function unauthenticated(message: string): RequestError {
  return new RequestError('unauthenticated', message);
}
