/**
 * Judges what clients were told against what was committed. Every answer names a revision, so that linearizability
 * can be checked answer by answer: what it says must be the truth of that revision, and that revision must not be
 * older than what anyone knew when the question was asked.
 */
import type { Compare, Keys, KeyValue, Lease, LeaseId, RangeResult, WatchBatch } from '../../node/store/types.ts';
import { History, type Step } from './history.ts';
import type { MirroredEntry } from './log-mirror.ts';
import { isIn, latin, type ModelEvent, type ModelItem, type ModelStore } from './model-store.ts';
import type { World } from './world.ts';

export class Oracle {
  /** Of the cluster, and of those that were given up before it; the newest first. */
  #histories: History[] = [];
  readonly #world: World;
  readonly #look: () => void;
  readonly #leastTimeShare: number;
  /** Newest revision that some finished request has shown to its client. */
  #knownRevision = 1;
  /** Values of requests that were refused for certain. */
  readonly #refused = new Set<string>();
  /** Values of requests that were carried out without effect, as the present history has it. */
  #failed = new Set<string>();
  /** Until when, in the world's time, each lease's holder may believe in it at the least. */
  readonly #leaseHeldUntilMs = new Map<LeaseId, number>();

  /**
   * @param clockRateSpread clocks run up to this much faster or slower than the world's
   * @param look tells `committed` of everything that is
   */
  constructor(world: World, clockRateSpread: number, look: () => void) {
    this.#world = world;
    this.#look = look;
    // A clock that counts faster ends a lease that much earlier.
    this.#leastTimeShare = 0.999 / (1 + clockRateSpread);
  }

  /** The cluster's, as far as it is committed. */
  get history(): History {
    return this.#histories[0]!;
  }

  get model(): ModelStore {
    return this.history.model;
  }

  historyOf(clusterId: string): History {
    return this.#histories.find((history) => history.clusterId === clusterId)!;
  }

  /** @param steps what its founders began with */
  founded(clusterId: string, steps: readonly Step[]): void {
    this.#begin(new History(clusterId), steps);
    this.#knownRevision = this.model.revision;
  }

  /**
   * A cluster goes on under a new id from all that one member of it had: its log, whether it was known to be committed
   * or not. What only others had is lost.
   *
   * @param cutAt what its log had been cut at
   */
  recovered(from: string, clusterId: string, cutAt: number, entries: readonly MirroredEntry[]): void {
    const before = this.historyOf(from);
    const atMs = this.#world.nowMs;
    const kept = entries.map((entry): Step => ({ kind: 'Entry', entry, atMs }));
    const index = entries.at(-1)?.index ?? cutAt;
    // What failed may have failed because of something that is lost.
    this.#failed = new Set();
    this.#begin(new History(clusterId, before.revisionSharedWith(cutAt, entries)), [
      ...before.through(cutAt),
      ...kept,
      { kind: 'TakenOver', index },
    ]);
    this.#world.check(
      this.history.firstRevision > this.#knownRevision,
      () => `a recovered cluster begins with revision ${this.history.firstRevision}, ${this.#knownRevision} was seen`,
    );
  }

  committed(clusterId: string, entry: MirroredEntry): void {
    const history = this.historyOf(clusterId);
    this.#checkExpiry(history.expiredBy(entry));
    this.#append(history, { kind: 'Entry', entry, atMs: this.#world.nowMs });
  }

  /** The production store, after applying through `index`. */
  checkRevision(clusterId: string, member: number, index: number, revision: number): void {
    const expected = this.historyOf(clusterId).revisionAt(index);
    if (expected === undefined || expected === revision) return;
    this.#world.fail(`member ${member} is at revision ${revision} after entry ${index}, the model at ${expected}`);
  }

  /** What a member's store has when it is opened with the newest state. */
  checkLeases(member: number, leases: Iterable<Lease>): void {
    const describe = (id: LeaseId, ttlSeconds: number): string => `${id} of ${ttlSeconds} s`;
    const actual = [...leases].map(({ id, ttlSeconds }) => describe(id, ttlSeconds)).sort();
    const expected = [...this.model.leases].map(([id, { ttlSeconds }]) => describe(id, ttlSeconds)).sort();
    this.#world.check(
      actual.join() === expected.join(),
      () => `member ${member} begins with leases [${actual}], the model has [${expected}]`,
    );
  }

  /** What a request that begins now must see at the least. */
  floor(): number {
    return this.#knownRevision;
  }

  /** A client has seen this revision: whoever asks from now on must see it too. */
  learned(revision: number): void {
    this.#look();
    if (revision > this.model.revision)
      this.#world.fail(`revision ${revision} was answered, committed are those through ${this.model.revision}`);
    this.#knownRevision = Math.max(this.#knownRevision, revision);
  }

  /** A put of `value` to `key` was acknowledged. */
  acknowledgedPut(key: string, value: string, revision: number, floor: number): void {
    this.#look();
    this.#judge(revision, (model) =>
      model.events(revision).some((event) => event.key === key && event.item?.value === value)
        ? null
        : `an acknowledged put of ${value} to ${key} is not what revision ${revision} did`,
    );
    this.#world.check(
      revision > this.#kept(floor, revision),
      () => `a put was given revision ${revision}, ${floor} had been seen before it was asked for`,
    );
    this.learned(revision);
  }

  acknowledgedDelete(key: string, deleted: number, revision: number, floor: number): void {
    this.#look();
    this.#judge(revision, (model) => {
      if (deleted === 0)
        return model.at(key, revision) === null
          ? null
          : `${key} was said to be absent at revision ${revision}, it was not`;
      return model.events(revision).some((event) => event.key === key && event.item === null)
        ? null
        : `an acknowledged deletion of ${key} is not what revision ${revision} did`;
    });
    const least = this.#kept(floor, revision);
    this.#world.check(
      deleted > 0 ? revision > least : revision >= least,
      () => `a deletion saw revision ${revision}, ${floor} was known before`,
    );
    this.learned(revision);
  }

  /** A transaction that made `revision`, or that made nothing at it, found that its compares held, or did not. */
  compared(compares: readonly Compare[], held: boolean, revision: number): void {
    this.#look();
    const asOf = held ? revision - 1 : revision;
    this.#judge(revision, (model) =>
      model.holds(compares, asOf) === held
        ? null
        : `a comparison with ${compares.map(({ key }) => latin(key))} was said to be ${held}, it was not at revision ${asOf}`,
    );
  }

  /** @param floor 0 for a serializable read, which may be old but must have been true */
  answeredRange(keys: Keys, wantedRevision: number, result: RangeResult, floor: number): void {
    this.#look();
    const revision = wantedRevision === 0 ? result.revision : wantedRevision;
    const actual = result.items.map((item) => describeItem(latin(item.key), itemOf(item)));
    this.#judge(result.revision, (model) => {
      const expected = model.keysAt(keys, revision).map((key) => describeItem(key, model.at(key, revision)!));
      return expected.join() === actual.join() && result.count === expected.length
        ? null
        : `a read at revision ${revision} gave [${actual}], true was [${expected}]`;
    });
    this.#world.check(
      result.revision >= this.#kept(floor, result.revision),
      () => `a read saw revision ${result.revision}, ${floor} was known before it was asked for`,
    );
    const { firstRevision } = this.history;
    this.#world.check(
      result.revision < firstRevision || revision >= firstRevision,
      () => `a read was given revision ${revision}, the cluster has begun with ${firstRevision}`,
    );
    if (floor > 0) this.learned(result.revision);
  }

  /** Carried out, to no effect: the compares did not hold, or its lease was not there. */
  failed(value: string): void {
    this.#failed.add(value);
    this.#checkWithout(value);
  }

  /** Said to have had no effect: it never must. */
  refused(value: string): void {
    this.#refused.add(value);
    this.#checkWithout(value);
  }

  #checkWithout(value: string): void {
    const revision = this.history.revisionOfValue.get(value);
    if (revision !== undefined)
      this.#world.fail(`the put of ${value} was refused for certain, but is revision ${revision}`);
  }

  /** Each batch is all that its revision did in the watched keys, and nothing lies between it and the one before. */
  watched(keys: Keys, after: number, batch: WatchBatch): void {
    this.#look();
    const { firstRevision } = this.history;
    if (after < firstRevision && batch.revision >= firstRevision && firstRevision > 1)
      return this.#world.fail(`a watch went on from revision ${after} to ${batch.revision} of another cluster`);
    this.#world.check(
      batch.revision > after || batch.events.length === 0,
      () => `a watch repeated revision ${batch.revision} after ${after}`,
    );
    this.#world.check(
      batch.revision <= this.model.revision,
      () => `a watch told of revision ${batch.revision}, which is not committed`,
    );
    this.#judge(batch.revision, (model) => this.#watchObjection(model, keys, after, batch));
  }

  #watchObjection(model: ModelStore, keys: Keys, after: number, batch: WatchBatch): string | null {
    const missed = (revision: number): readonly ModelEvent[] =>
      model.events(revision).filter((event) => isIn(keys, event.key));
    for (let revision = after + 1; revision < batch.revision; revision++) {
      if (missed(revision).length > 0)
        return `a watch left out revision ${revision}, between ${after} and ${batch.revision}`;
    }
    if (batch.revision <= after) return null;
    const expected = missed(batch.revision).map((event) => describeEvent(event.key, event.item));
    const actual = batch.events.map(({ kind, item }) =>
      describeEvent(latin(item.key), kind === 'Delete' ? null : itemOf(item)),
    );
    return expected.join() === actual.join()
      ? null
      : `a watch said [${actual}] of revision ${batch.revision}, true is [${expected}]`;
  }

  /** From when it was asked for, by the slowest clock, the holder has the lease for its whole time. */
  leaseHeld(lease: LeaseId, askedMs: number, ttlSeconds: number): void {
    this.#look();
    const untilMs = this.#promise(lease, askedMs, ttlSeconds);
    const end = this.history.leaseEnds.get(lease);
    if (end === undefined) return;
    this.#world.check(askedMs <= end.atMs, () => `lease ${lease} was said to be held, asked after it had ended`);
    this.#world.check(
      !end.isExpiry || untilMs <= end.atMs,
      () => `lease ${lease} was said to be held for ${ttlSeconds} s, it had expired when that was answered`,
    );
  }

  #checkExpiry(leases: readonly LeaseId[]): void {
    for (const id of leases) {
      const untilMs = this.#leaseHeldUntilMs.get(id) ?? 0;
      this.#world.count('leases expired');
      this.#world.check(
        untilMs <= this.#world.nowMs,
        () => `lease ${id} expired, its holder was promised ${(untilMs - this.#world.nowMs).toFixed(0)} ms more`,
      );
    }
  }

  #begin(history: History, steps: readonly Step[]): void {
    this.#histories.unshift(history);
    for (const step of steps) this.#append(history, step);
    if (steps.length === 0) return;
    // No leader of it counts yet: each lease has its whole time before it.
    for (const [id, { ttlSeconds }] of this.model.leases) this.#promise(id, this.#world.nowMs, ttlSeconds);
  }

  #append(history: History, step: Step): void {
    for (const event of history.append(step)) this.#checkOnce(history, event);
  }

  #checkOnce({ revisionOfValue }: History, { key, item, revision }: ModelEvent): void {
    if (item === null) return;
    const name = `${key}=${item.value}`;
    const before = revisionOfValue.get(name);
    this.#world.check(
      before === undefined,
      () => `the put of ${name} was applied twice, in revisions ${before} and ${revision}`,
    );
    this.#world.check(
      !this.#refused.has(name) && !this.#failed.has(name),
      () => `the put of ${name} was refused for certain, and is revision ${revision}`,
    );
    revisionOfValue.set(name, revision);
  }

  #promise(lease: LeaseId, fromMs: number, ttlSeconds: number): number {
    const untilMs = fromMs + ttlSeconds * 1000 * this.#leastTimeShare;
    this.#leaseHeldUntilMs.set(lease, Math.max(untilMs, this.#leaseHeldUntilMs.get(lease) ?? 0));
    return untilMs;
  }

  /**
   * Revisions tell which cluster they are of, but for those that the survivor of a lost quorum had by itself: then one of
   * the histories must say that it is true.
   */
  #judge(revision: number, object: (model: ModelStore) => string | null): void {
    const { firstRevision, model } = this.history;
    const models = revision >= firstRevision ? [model] : this.#histories.map((history) => history.model);
    const objections = models.map(object);
    if (objections.every((objection) => objection !== null)) this.#world.fail(objections[0]!);
  }

  /** As much of what was known as an answer with `revision` must know too: what was lost with a quorum need not be. */
  #kept(floor: number, revision: number): number {
    let least = floor;
    for (const { firstRevision, sharedRevision } of this.#histories)
      if (revision < firstRevision && least < firstRevision) least = Math.min(least, sharedRevision);
    return least;
  }
}

function itemOf(item: KeyValue): ModelItem {
  return {
    value: latin(item.value),
    createRevision: item.createRevision,
    modRevision: item.modRevision,
    version: item.version,
    lease: item.lease,
  };
}

function describeItem(key: string, item: ModelItem): string {
  return `${key}=${item.value}@${item.createRevision}/${item.modRevision}/${item.version}/${item.lease}`;
}

function describeEvent(key: string, item: ModelItem | null): string {
  return item === null ? `-${key}` : describeItem(key, item);
}
