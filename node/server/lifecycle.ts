/**
 * How a member gets from one state to the next, parked to serving and back: by what its data folder holds, by what it is
 * told, by what its peers say of it. The driver of a member that belongs to a cluster is `Replica`.
 */
import type { ParkedReason } from '../../client/types.ts';
import { NO_MEMBER, type RaftEvent } from '../raft/types.ts';
import { DataDamaged, GrantConflict, NewerFormat, SnapshotDamaged } from '../storage/errors.ts';
import type { DataFolder, FoundingRecord, Identity, JoinRecord, RecoveryRecord } from '../storage/types.ts';
import { UnknownEntry } from '../store/errors.ts';
import { Exclusive } from '../store/exclusive.ts';
import type { Network } from '../transport/types.ts';
import { assertValidFounders, assertValidPeerAddress } from './addressing.ts';
import type { CallHandler } from './calls.ts';
import type { Clock } from './clock.ts';
import { FormatTooNew } from './format.ts';
import { type FetchSnapshot, FoundingUnderWay } from './founding-under-way.ts';
import { assertMayRecover } from './may-recover.ts';
import type { Observer } from './observer.ts';
import type { MemberOptions } from './options.ts';
import { type Phase, parked, parkedError } from './phase.ts';
import { RefusedByPeers } from './refused-by-peers.ts';
import { Replica } from './replica.ts';
import { withoutSecrets } from './snapshot-source-name.ts';
import { type MemberEvent, RequestError } from './types.ts';

export type LifecycleDependencies = {
  readonly options: MemberOptions;
  /** Brings what a founding record begins with; without it such a record's path is read as it is, and not checked. */
  readonly foundingSnapshot?: FetchSnapshot;
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

/** What a member brings that is not its lifecycle's affair. */
export type LifecycleHooks = {
  readonly callHandlers: Readonly<Record<string, CallHandler>>;
  /** Something changed that a waiting call may look at. */
  changed(): void;
};

export class Lifecycle {
  readonly #with: LifecycleDependencies;
  readonly #hooks: LifecycleHooks;
  readonly #fromSnapshot: FoundingUnderWay | null;
  readonly #refusedByPeers: RefusedByPeers;
  readonly #listeners = new Set<(event: MemberEvent) => void>();
  /** Changes of state, one at a time: a grant and a stop must not cross. */
  readonly #transitions = new Exclusive();
  #phase: Phase = parked('NoData', 'starting');
  #folder: DataFolder | null = null;
  /** Read from a folder whose rest could not be read: whoever replaces this member needs to know which one it is. */
  #identity: Identity | null = null;

  constructor(dependencies: LifecycleDependencies, hooks: LifecycleHooks) {
    const { clock, options, foundingSnapshot } = dependencies;
    this.#with = dependencies;
    this.#hooks = hooks;
    this.#fromSnapshot =
      foundingSnapshot === undefined
        ? null
        : new FoundingUnderWay({
            fetch: foundingSnapshot,
            found: (record, snapshotFile) => this.#found(record, snapshotFile),
            show: (message) => this.#showWaiting(message),
          });
    this.#refusedByPeers = new RefusedByPeers({
      clock,
      electionTimeoutMs: options.timing.electionTimeoutMs,
      isAlone: (forMs) => this.#isAlone(forMs),
      leave: (reason, message) => this.#leave(reason, message),
    });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Null while parked. */
  get replica(): Replica | null {
    return this.#phase.state === 'Parked' ? null : this.#phase.replica;
  }

  /** Null until it could be opened. */
  get folder(): DataFolder | null {
    return this.#folder;
  }

  /** Who this member is, as far as the folder could be read. */
  get identity(): Identity | null {
    return this.#folder?.identity ?? this.#identity;
  }

  onEvent(listener: (event: MemberEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes up what the folder holds. Rejects when it cannot be opened for a reason that is not its content's. */
  async open(): Promise<void> {
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

  async bootstrap(given: FoundingRecord): Promise<FoundingRecord> {
    assertValidFounders(given.founders);
    const { snapshotPath: source } = given;
    if (source === null || this.#fromSnapshot === null) return this.#found(given, source);
    const { grant } = this.#grantable().identity;
    if (grant.kind === 'Founder') {
      const { snapshotSha256 } = grant.record;
      const shown = { ...given, snapshotPath: withoutSecrets(source) };
      return this.#found(snapshotSha256 === undefined ? shown : { snapshotSha256, ...shown }, null);
    }
    this.#expectNoData('founding record');
    this.#founderIn(given);
    return this.#fromSnapshot.take(given, source);
  }

  join(record: JoinRecord): Promise<void> {
    return this.#transitions.run(async () => {
      for (const { peerAddress } of record.peers) assertValidPeerAddress(peerAddress);
      const folder = this.#grantable();
      if (folder.identity.grant.kind !== 'Joiner') this.#expectNoData('join record');
      await this.#grant(() => folder.acceptJoin(record));
    });
  }

  recover(record: RecoveryRecord): Promise<void> {
    return this.#transitions.run(async () => {
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
        // The replica is halted, and the disk may be of the old or the new cluster: the next start will see which.
        this.#with.onFatal(error);
        throw error;
      }
    });
  }

  /** Hands leadership over, finishes what was accepted, says goodbye, closes; all within the stop timeout. */
  stop(): Promise<void> {
    this.#fromSnapshot?.stop();
    return this.#transitions.run(async () => {
      await this.replica?.stop(this.#with.options.stopTimeoutMs);
      this.#become(parked('NoData', 'stopped'));
      await this.#folder?.close();
    });
  }

  async #takeUp(folder: DataFolder): Promise<void> {
    const { identity } = folder;
    const membership = membershipOf(identity);
    if (identity.isRemoved)
      return this.#become(
        parked('Removed', 'this member was removed from its cluster: empty its data folder to join again'),
      );
    if (membership === null)
      return this.#become(parked('NoData', 'empty: waits to be told to form a cluster or to join one'));
    const { options, createNetwork, clock, random, observer } = this.#with;
    let replica: Replica | null = null;
    // Events may arrive before `start` has returned, while `replica` is still null: they are caught up with below.
    replica = await Replica.start({
      ...membership,
      folder,
      network: createNetwork(),
      clock,
      random,
      options,
      observer,
      callHandlers: this.#hooks.callHandlers,
      events: {
        changed: () => this.#hooks.changed(),
        raft: (event) => this.#raftEvent(event),
        membershipChanged: (changed) => this.#emit({ kind: 'MembershipChanged', membership: changed }),
        becameMember: () => replica !== null && this.#become({ state: 'Member', replica }),
        refused: (refusal) => this.#refusedByPeers.refused(refusal),
        fatal: (error) => this.#fatal(error),
      },
    });
    this.#become({ state: replica.isMember ? 'Member' : 'Joining', replica });
  }

  #found(record: FoundingRecord, snapshotFile: string | null): Promise<FoundingRecord> {
    return this.#transitions.run(async () => {
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
    if (!wasParked && !isReplacing) return; // the same grant was accepted before
    await folder.close();
    await this.open();
  }

  #grantable(): DataFolder {
    const phase = this.#phase;
    if (phase.state === 'Parked' && (phase.reason !== 'NoData' || this.#folder === null)) throw parkedError(phase);
    return this.#folder as DataFolder;
  }

  #expectNoData(what: string): void {
    if (this.#phase.state === 'Parked' && this.#phase.reason === 'NoData') return;
    throw new RequestError(
      'grant_conflict',
      `this member already belongs to cluster ${this.replica?.clusterId}: it takes no ${what}`,
    );
  }

  /** Shows, in the status of a member that waits to be told, what it waits for. */
  #showWaiting(message: string): void {
    if (this.#phase.state === 'Parked' && this.#phase.reason === 'NoData') this.#become(parked('NoData', message));
  }

  #raftEvent(event: RaftEvent): void {
    if (event.kind === 'RoleChanged') {
      if (event.leader !== NO_MEMBER) this.#refusedByPeers.leaderKnown();
      this.#emit({ kind: 'RoleChanged', role: event.role, term: event.term, leader: event.leader });
    } else if (event.kind === 'ElectionStarted') {
      this.#emit({ kind: 'ElectionStarted', term: event.term, reason: event.reason });
    }
  }

  #isAlone(forMs: number): boolean {
    const { replica } = this;
    if (replica === null || replica.peers.states().some((peer) => peer.isConnected)) return false;
    return replica.leaderlessMs >= forMs;
  }

  #leave(reason: ParkedReason, message: string): void {
    const leave = async (): Promise<void> => {
      const { replica } = this;
      if (replica === null) return;
      await replica.halt();
      if (reason === 'Removed') await this.#folder?.markRemoved();
      this.#become(parked(reason, message));
    };
    this.#transitions.run(leave).catch((error: unknown) => this.#with.onFatal(error));
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
    this.#hooks.changed();
  }

  #emit(event: MemberEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
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
