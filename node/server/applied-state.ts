/**
 * The store of a running member, and the membership that is in use: both follow the log, and both may be replaced by a
 * snapshot.
 */
import type { Entry, HardState, MemberId } from '../raft/types.ts';
import type { ClusterId, DataFolder, DurableConfiguration, SnapshotSource } from '../storage/types.ts';
import type { Engine } from '../store/engine.ts';
import { Store, type StoreOptions } from '../store/store.ts';
import type { CommittedEntry, Membership, Result } from '../store/types.ts';
import { Applier } from './applier.ts';
import type { Clock } from './clock.ts';
import type { IncomingSnapshots } from './incoming-snapshot.ts';
import type { Observer } from './observer.ts';
import { newerOf } from './restore.ts';
import { RequestError } from './types.ts';

export type AppliedStateEvents = {
  applied(entries: readonly CommittedEntry[], results: readonly (Result | null)[], bytes: number): void;
  /** Resolves when it would survive a crash. */
  recordConfiguration(configuration: DurableConfiguration): Promise<void>;
  /** The Configuration entry at `index` was applied; `membership` is durable and from now on in use. */
  membershipApplied(index: number, membership: Membership): void;
  snapshotInstalled(): void;
  fatal(error: unknown): void;
};

export type AppliedStateDependencies = {
  readonly folder: DataFolder;
  readonly clusterId: ClusterId;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly storeOptions: StoreOptions;
  readonly events: AppliedStateEvents;
};

const COMPACTION_ROWS_PER_STEP = 1000;
/** A write-out may take its time for each of these: one that deletes a million keys is large on every member, and no stall. */
const WRITE_OUT_PORTION_BYTES = 4 << 20;

export class AppliedState {
  readonly #with: AppliedStateDependencies;
  #store: Store | null;
  #applier: Applier | null;
  #membership: Membership | null;
  /** Resolves when no step is under way; null while none is. */
  #compaction: Promise<void> | null = null;
  /** The core has taken a snapshot that is not installed yet. */
  #isSnapshotDue = false;
  #isInstalling = false;
  #isWritingOut = false;
  #stalledTicks = 0;
  #isStopped = false;

  /** @param membership the newest acknowledged; it may be ahead of the store's */
  constructor(dependencies: AppliedStateDependencies, store: Store | null, membership: Membership | null) {
    this.#with = dependencies;
    this.#store = store;
    this.#applier = store === null ? null : this.#createApplier(store);
    this.#membership = membership;
  }

  /** Null until the first snapshot of a member that joins. */
  get store(): Store | null {
    return this.#store;
  }

  /** @throws RequestError while there is none */
  servingStore(): Store {
    if (this.#store === null) throw stateless();
    return this.#store;
  }

  get membership(): Membership | null {
    return this.#membership;
  }

  get appliedIndex(): number {
    return this.#store?.appliedIndex ?? 0;
  }

  apply(entries: readonly Entry[]): void {
    if (this.#applier === null) throw new Error('entries were committed before there was any state to apply them to');
    this.#applier.apply(entries);
  }

  /** True when the membership in use says that this member is in the cluster, false when it was removed, null when it cannot know. */
  lists(id: MemberId): boolean | null {
    if (this.#membership === null) return null;
    if (this.#membership.members.some((member) => member.id === id)) return true;
    return this.#membership.lastMemberId >= id ? false : null;
  }

  /** Content between two applied batches, and what it stands for. */
  openSnapshot(): Promise<SnapshotSource> {
    if (this.#applier === null) throw stateless();
    return this.#applier.between(async () => {
      const store = this.servingStore();
      const { folder, clusterId } = this.#with;
      await store.writeOut();
      return folder.openSnapshot((folder.engine as Engine).snapshot(), {
        format: store.format,
        clusterId,
        index: store.appliedIndex,
        term: store.appliedTerm,
        membership: store.membership,
        revision: store.revision,
      });
    });
  }

  /** The core goes on from a snapshot, which covers all that was handed out here; `install` follows in the log's turn. */
  snapshotAccepted(): void {
    this.#isSnapshotDue = true;
  }

  /** Replaces everything by the staged snapshot. When it resolves the log has restarted after `index`. */
  async install(incoming: IncomingSnapshots, index: number, hardState: HardState): Promise<void> {
    const staged = incoming.take(index);
    const install = async (): Promise<void> => {
      // A compaction under way must end first: the engine that it works on is about to be closed.
      this.#isInstalling = true;
      await this.#compaction;
      this.#store?.holdWatches();
      await this.#store?.writeOut();
      const engine = await this.#with.folder.installSnapshot(staged.snapshot, hardState);
      const store = await Store.open(engine, this.#with.storeOptions);
      if (this.#store !== null) store.adoptWatches(this.#store);
      this.#store = store;
      this.#isInstalling = false;
      this.#isSnapshotDue = false;
      this.#membership = newerOf(store.membership, this.#membership);
      if (this.#applier === null) this.#applier = this.#createApplier(store);
      else this.#applier.replaceStore(store);
    };
    try {
      await (this.#applier === null ? install() : this.#applier.between(install));
    } catch (error) {
      staged.failed(error as Error);
      throw error;
    }
    this.#with.observer.log('info', 'snapshot_installed', { index });
    this.#with.events.snapshotInstalled();
    staged.installed();
  }

  /** Removes compacted history in small steps beside the applies, on every member by itself; resolves when it is gone. */
  compact(): Promise<void> {
    const store = this.#store;
    if (this.#isInstalling || store === null) return Promise.resolve();
    const run = async (): Promise<void> => {
      let hasMore = true;
      while (hasMore && !this.#isStopped && !this.#isInstalling)
        hasMore = await store.compactStep(COMPACTION_ROWS_PER_STEP);
    };
    this.#compaction ??= run()
      .catch((error: unknown) => this.#with.events.fatal(error))
      .finally(() => {
        this.#compaction = null;
      });
    return this.#compaction;
  }

  /** Hands what is applied to the engine, so that it is not only in memory; nothing waits for it. */
  writeOut(): void {
    const { clock, observer, events } = this.#with;
    if (this.#store === null || this.#store.isWrittenOut || this.#isWritingOut) return;
    this.#isWritingOut = true;
    const startedMs = clock.nowMs();
    this.#store.writeOut().then(() => {
      this.#isWritingOut = false;
      this.#stalledTicks = 0;
      observer.wroteOut((clock.nowMs() - startedMs) / 1000);
    }, events.fatal);
  }

  /**
   * True while nothing has been applied for so many ticks because the engine does not take what was: a
   * large batch that is still being carried out is none, nor a slow engine that nothing waits for.
   */
  tick(limitTicks: number): boolean {
    if (!this.#isWritingOut || this.#store === null || !this.#applier?.isApplying) this.#stalledTicks = 0;
    else this.#stalledTicks += 1;
    if (this.#stalledTicks < limitTicks) return false;
    const portions = Math.ceil((this.#store?.unwrittenBytes ?? 0) / WRITE_OUT_PORTION_BYTES);
    return this.#stalledTicks >= limitTicks * portions;
  }

  /** Resolves when everything applied before the call would survive a crash. */
  async flush(): Promise<void> {
    await this.#store?.writeOut();
    await this.#with.folder.engine?.flush();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#applier?.stop();
    await this.#compaction;
    await this.flush();
    this.#store?.close();
  }

  #createApplier(store: Store): Applier {
    const { clock, observer, events } = this.#with;
    return new Applier(store, clock, observer, {
      applied: (entries, results, bytes) => {
        this.#stalledTicks = 0;
        events.applied(entries, results, bytes);
      },
      configurationApplied: (index, membership) => this.#useMembership(index, membership),
      fatal: events.fatal,
    });
  }

  /** Durable first, then in use: after a crash the member must know every configuration that it has acted on. */
  async #useMembership(index: number, applied: Membership): Promise<void> {
    // The snapshot's is later, and the core uses it already. The log waits for this batch to end, to install it: a record
    // that waited for the log would never be made.
    if (this.#isSnapshotDue) return;
    const membership = newerOf(applied, this.#membership) as Membership;
    if (membership !== this.#membership) {
      await this.#with.events.recordConfiguration({ membership, commit: index });
      if (this.#isStopped) return;
      this.#membership = membership;
      this.#with.observer.log('info', 'membership_changed', {
        config_index: membership.configIndex,
        voters: membership.voters,
        leaving: membership.leaving,
        members: membership.members.map(({ id }) => id),
      });
    }
    this.#with.events.membershipApplied(index, membership);
  }
}

function stateless(): RequestError {
  return new RequestError('not_ready', 'this member has no state yet: it waits for its first snapshot');
}
