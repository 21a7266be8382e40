/**
 * The replicated state machine over an engine: a thin shell that fetches, has the pure parts decide, lets readers,
 * watchers and callers know, and writes what they know later, in larger batches (unwritten.ts): the log has it.
 *
 * One entry is applied exactly once: its index is written with its effects in one atomic batch, and `open` goes on
 * from what it finds there (etcd issue 13766 is what happens otherwise).
 */
import type { AuthState } from './auth/state.ts';
import { Compaction, readCompactionProgress } from './compaction.ts';
import { CurrentVersions } from './current-versions.ts';
import { Draft } from './draft.ts';
import type { Engine, EngineReader } from './engine.ts';
import { invariant } from './errors.ts';
import { Exclusive } from './exclusive.ts';
import { executeEntry } from './execute.ts';
import { readTxn } from './execute-txn.ts';
import { History } from './history.ts';
import { ANSWER_LIMITS } from './idempotency.ts';
import { keyAfter } from './key-range.ts';
import { attachedPages } from './lease-draft.ts';
import { type Applied, appliedRowKey, decodeApplied, type Meta, readMeta } from './meta.ts';
import { PointReads } from './point-reads.ts';
import { prefetch, prefetchCommand } from './prefetch.ts';
import { assertReadable, type ReadMemory, readRange } from './range-read.ts';
import { isReadOnly } from './read-only.ts';
import { type Recent, recentRange, recentTxn } from './recent-read.ts';
import { RememberedCounts } from './remembered-counts.ts';
import { resultBytes } from './result-bytes.ts';
import { leaseOfKey, leaseTable } from './row-keys.ts';
import { CurrentSource, RevisionSource, type RowSource } from './row-source.ts';
import { decodeLease, type Version } from './row-values.ts';
import { hashKeys } from './state-hash.ts';
import type {
  CommittedEntry,
  Failed,
  Lease,
  LeaseId,
  Membership,
  Range,
  RangeResult,
  Result,
  Txn,
  TxnResult,
  Watch,
  WatchOptions,
} from './types.ts';
import { Unwritten } from './unwritten.ts';
import { WatchHub } from './watch-hub.ts';

export type StoreStats = {
  readonly keyCount: number;
  readonly leaseCount: number;
  /** Idempotency keys whose answers are remembered. */
  readonly answerCount: number;
  readonly watcherCount: number;
  /** Watchers that are served from history. */
  readonly slowWatcherCount: number;
};

export type StateHash = {
  /** The store's when it was computed. */
  readonly revision: number;
  /** The revision at which the keys were hashed. */
  readonly hashedRevision: number;
  readonly compactedRevision: number;
  /** 256 bits, hexadecimal: see state-hash.ts. */
  readonly hash: string;
};

/** What this member may choose by itself: nothing that is replicated depends on it. */
export type StoreOptions = {
  /** The most that one watch holds of what its consumer has not pulled yet. */
  readonly maxQueuedBytesPerWatch: number;
};

/**
 * About how much the results of one `apply` may hold. An answer of a transaction may have 16 MiB, every member has it in
 * memory until its batch is done, and again when it applies the same entries after a restart: hundreds of them in one batch
 * would end all members, again and again.
 */
const MAX_RESULT_BYTES = 16 << 20;
const CACHE_BYTES = 8 << 20;
const RANGE_CACHE_BYTES = 4 << 20;
const LEASE_PAGE_ROWS = 10_000;

export class Store {
  readonly #engine: Engine;
  readonly #leases: Map<LeaseId, Lease>;
  readonly #unwritten: Unwritten;
  readonly #compaction: Compaction;
  readonly #pointReads: PointReads;
  /**
   * Two memories of what the engine has: versions, of single keys and of whole ranges, and how many keys ranges have. Like
   * the hub they are told of each batch in the moment in which readers see it; what the engine does not have yet is in
   * `#unwritten` alone, and never forgotten.
   */
  readonly #cache = new CurrentVersions(CACHE_BYTES, RANGE_CACHE_BYTES);
  readonly #counts: RememberedCounts;
  readonly #hub: WatchHub;
  #meta: Meta;
  #isApplying = false;

  private constructor(
    engine: Engine,
    meta: Meta,
    leases: Map<LeaseId, Lease>,
    unwritten: Unwritten,
    compaction: Compaction,
    maxQueuedBytesPerWatch: number,
  ) {
    this.#engine = engine;
    this.#meta = meta;
    this.#leases = leases;
    this.#unwritten = unwritten;
    this.#compaction = compaction;
    this.#counts = new RememberedCounts(meta.applied.revision);
    this.#pointReads = new PointReads(unwritten.reader, {
      readAlone: (range) => this.#rangeInSnapshot(range),
      found: (key, version, index) => {
        if (index === this.appliedIndex) this.#cache.set(key.toString('latin1'), version);
      },
    });
    this.#hub = new WatchHub(new History(unwritten.reader), meta.applied, maxQueuedBytesPerWatch);
  }

  /** @throws DamagedRecord where no state was ever made, or its own rows cannot be read */
  static async open(engine: Engine, options: StoreOptions): Promise<Store> {
    const meta = await readMeta(engine);
    const leases = await loadLeases(engine);
    invariant(
      leases.size === meta.applied.leaseCount,
      `${leases.size} leases are stored where there should be ${meta.applied.leaseCount}`,
    );
    const writes = new Exclusive();
    const unwritten = new Unwritten(engine, writes);
    const compaction = new Compaction(engine, unwritten.reader, writes, await readCompactionProgress(engine));
    return new Store(engine, meta, leases, unwritten, compaction, options.maxQueuedBytesPerWatch);
  }

  get appliedIndex(): number {
    return this.#meta.applied.index;
  }

  get appliedTerm(): number {
    return this.#meta.applied.term;
  }

  get revision(): number {
    return this.#meta.applied.revision;
  }

  get compactedRevision(): number {
    return this.#meta.applied.compactedRevision;
  }

  get membership(): Membership {
    return this.#meta.cluster.membership;
  }

  get clusterId(): string {
    return this.#meta.cluster.clusterId;
  }

  /** Users, roles, and whether they count: a new object when anything of it has changed. */
  get auth(): AuthState {
    return this.#meta.auth;
  }

  /** Members whose keys were found to differ from those of a quorum, 0 for nobody knows whose: see `MarkCorrupt`. */
  get corrupt(): readonly number[] {
    return this.#meta.corrupt;
  }

  get format(): number {
    return this.#meta.cluster.format;
  }

  /** The latest leader time that an entry has carried. */
  get timeMs(): number {
    return this.#meta.applied.timeMs;
  }

  /**
   * Applies the entries that follow `appliedIndex`: readers and watchers see all of them or none, the engine has them
   * after `writeOut`. One call at a time. After a rejection what the engine holds is unknown: the member must end.
   *
   * @returns results in order, null for an entry that carries no command; fewer than entries, but at least one, where they
   * have grown so large that the rest must wait for the next call
   */
  async apply(entries: readonly CommittedEntry[]): Promise<(Result | null)[]> {
    invariant(!this.#isApplying, 'batches are applied one at a time');
    if (entries.length === 0) return [];
    this.#isApplying = true;
    try {
      this.#assertNext(entries);
      await this.#unwritten.makeRoom();
      const draft = new Draft(this.#unwritten.reader, this.#meta, this.#leases, ANSWER_LIMITS);
      await prefetch(draft, entries, {
        version: (keyText) => this.#known(keyText),
        answer: (rowKeyText) => this.#unwritten.findAnswer(rowKeyText),
        engine: this.#engine,
      });
      const results: (Result | null)[] = [];
      let bytes = 0;
      for (const entry of entries) {
        const executed = executeEntry(draft, entry);
        const result = executed instanceof Promise ? await executed : executed;
        results.push(result);
        if (result !== null) bytes += resultBytes(result);
        if (bytes >= MAX_RESULT_BYTES) break;
      }
      const last = entries[results.length - 1]!;
      const applied = draft.applied(last.index, last.term);
      const versions = draft.changedVersions();
      this.#unwritten.add({ operations: draft.operations(), versions, answers: draft.answers.added, applied });
      this.#meta = { applied, cluster: draft.cluster, auth: draft.auth, corrupt: draft.corrupt };
      for (const [keyText, version] of versions) this.#cache.set(keyText, version);
      this.#counts.changed(draft.events);
      draft.leases.commitTo(this.#leases);
      this.#hub.publish(draft.events, applied);
      return results;
    } finally {
      this.#isApplying = false;
    }
  }

  /**
   * Reads beside `apply`. Everything in the answer is of one moment, whose revision it tells.
   *
   * @throws StoreError with `compacted` or `future_revision`
   */
  async range(range: Range): Promise<RangeResult> {
    const recent = recentRange(this.#recent, range);
    if (recent !== null) return recent;
    const isNewestOfOne = range.rangeEnd === null && range.revision === 0;
    return isNewestOfOne ? this.#pointReads.read(range) : this.#rangeInSnapshot(range);
  }

  /**
   * Carries out a transaction that writes nothing, beside `apply` and on the state of one moment. `Failed` where it may
   * not be read, as it would be from the log.
   */
  read(txn: Txn): Promise<TxnResult | Failed> {
    invariant(isReadOnly(txn), 'only the log may carry a transaction that writes');
    const recent = recentTxn(this.#recent, txn);
    if (recent !== null) return Promise.resolve(recent);
    return this.#remembering((memory) =>
      this.#inSnapshot(0, async (source, applied) => {
        const draft = new Draft(source.reader, { ...this.#meta, applied }, this.#leases, ANSWER_LIMITS);
        await prefetchCommand(draft, txn);
        return readTxn(draft, txn, memory);
      }),
    );
  }

  get isWrittenOut(): boolean {
    return this.#unwritten.isEmpty;
  }

  /** About the size of what is applied and not in the engine yet. */
  get unwrittenBytes(): number {
    return this.#unwritten.bytes;
  }

  /**
   * Resolves when the engine has everything that was applied before the call, in memory: durable after its `flush`. Rejects
   * as the engine does, and then always: the member must end.
   */
  async writeOut(): Promise<void> {
    await this.#unwritten.write();
  }

  watch(options: WatchOptions): Watch {
    return this.#hub.watch(options);
  }

  /**
   * Before the engine is closed that a snapshot replaces: watches read nothing of it any more, and wait for the store that
   * adopts them.
   */
  holdWatches(): void {
    this.#hub.isHeld = true;
  }

  /**
   * Goes on with the watches of a store whose state was replaced by this later one of the same log (a snapshot was
   * installed): without a gap, or with `compacted`.
   */
  adoptWatches(replaced: Store): void {
    this.#hub.adopt(replaced.#hub);
  }

  /** Ends all watches. */
  close(): void {
    this.#hub.close();
  }

  lease(id: LeaseId): Lease | null {
    return this.#leases.get(id) ?? null;
  }

  leases(): Iterable<Lease> {
    return this.#leases.values();
  }

  /** Keys attached to a lease, in order. */
  async leaseKeys(id: LeaseId): Promise<Buffer[]> {
    const keys: Buffer[] = [];
    await this.writeOut();
    const snapshot = this.#engine.snapshot();
    try {
      for await (const page of attachedPages(snapshot, id)) {
        for (const { key } of page) keys.push(key);
      }
    } finally {
      await snapshot.close();
    }
    return keys;
  }

  /**
   * Clears away some of what `Compact` commands have given up, in the background and on this member alone: at most
   * `maxRows` events are looked at. True when there is more to do. One call at a time.
   */
  compactStep(maxRows: number): Promise<boolean> {
    return this.#compaction.step(this.compactedRevision, maxRows);
  }

  /**
   * Digest of all keys at a revision (0: the newest), equal on all members that hold the same.
   *
   * @throws StoreError with `compacted` or `future_revision`
   */
  hash(revision: number): Promise<StateHash> {
    return this.#inSnapshot(revision, async ({ reader }, applied) => {
      const hashedRevision = revision === 0 ? applied.revision : revision;
      return {
        revision: applied.revision,
        hashedRevision,
        compactedRevision: applied.compactedRevision,
        hash: await hashKeys(reader, hashedRevision),
      };
    });
  }

  stats(): StoreStats {
    const { keyCount, leaseCount, answers } = this.#meta.applied;
    return {
      keyCount,
      leaseCount,
      answerCount: answers[0].keys + answers[1].keys,
      watcherCount: this.#hub.watcherCount,
      slowWatcherCount: this.#hub.slowCount,
    };
  }

  #rangeInSnapshot(range: Range): Promise<RangeResult> {
    return this.#remembering((memory) =>
      this.#inSnapshot(range.revision, (source, applied) => readRange(source, range, applied.revision, memory)),
    );
  }

  /** What memory has now. */
  get #recent(): Recent {
    return { versions: this.#cache, counts: this.#counts, applied: this.#meta.applied };
  }

  async #remembering<T>(read: (memory: ReadMemory) => Promise<T>): Promise<T> {
    const { ranges } = this.#cache;
    const filling = ranges.beginFilling();
    try {
      return await read({ counts: this.#counts, ranges, filling });
    } finally {
      ranges.endFilling(filling);
    }
  }

  async #inSnapshot<T>(revision: number, read: (source: RowSource, applied: Applied) => Promise<T>): Promise<T> {
    await this.writeOut();
    const snapshot = this.#engine.snapshot();
    try {
      const applied = decodeApplied((await snapshot.get(appliedRowKey))!);
      assertReadable(revision, applied);
      const isNewest = revision === 0 || revision === applied.revision;
      const source = isNewest
        ? new CurrentSource(snapshot, applied.keyCount, [])
        : new RevisionSource(snapshot, revision, []);
      return await read(source, applied);
    } finally {
      await snapshot.close();
    }
  }

  /** The newest version of a key as far as memory tells; undefined: the engine has it. */
  #known(keyText: string): Version | null | undefined {
    const version = this.#cache.get(keyText);
    return version === undefined ? this.#unwritten.find(keyText) : version;
  }

  #assertNext(entries: readonly CommittedEntry[]): void {
    let { index, term } = this.#meta.applied;
    for (const entry of entries) {
      invariant(entry.index === index + 1, () => `entry ${entry.index} is to be applied after entry ${index}`);
      invariant(entry.term >= term, () => `entry ${entry.index} of term ${entry.term} comes after one of term ${term}`);
      ({ index, term } = entry);
    }
  }
}

async function loadLeases(reader: EngineReader): Promise<Map<LeaseId, Lease>> {
  const leases = new Map<LeaseId, Lease>();
  let { from, to } = leaseTable();
  for (;;) {
    const rows = await reader.scan({ from, to }, { limit: LEASE_PAGE_ROWS });
    for (const { key, value } of rows) leases.set(leaseOfKey(key), decodeLease(leaseOfKey(key), value));
    if (rows.length < LEASE_PAGE_ROWS) return leases;
    from = keyAfter(rows.at(-1)!.key);
  }
}
