/**
 * Judges what clients were told against what was committed. Every answer names a revision, so that linearizability
 * can be checked answer by answer: what it says must be the truth of that revision, and that revision must not be
 * older than what anyone knew when the question was asked.
 */
import { EntryKind } from '../../node/raft/types.ts';
import { decodeProposal } from '../../node/store/codec.ts';
import type { Keys, KeyValue, LeaseId, RangeResult, WatchBatch } from '../../node/store/types.ts';
import type { MirroredEntry } from './log-mirror.ts';
import { isIn, latin, type ModelEvent, type ModelItem, ModelStore } from './model-store.ts';
import type { World } from './world.ts';

export class Oracle {
  readonly model: ModelStore = new ModelStore();
  readonly #world: World;
  readonly #look: () => void;
  readonly #leastTimeShare: number;
  /** Newest revision that some finished request has shown to its client. */
  #knownRevision = 1;
  /** The store's revision after each committed entry. */
  readonly #revisionAt = new Map<number, number>();
  /** Each value is written once: it tells which request an event comes from. */
  readonly #revisionOfValue = new Map<string, number>();
  /** Values of requests that were refused for certain. */
  readonly #refused = new Set<string>();
  /** Until when, in the world's time, each lease's holder may believe in it at the least. */
  readonly #leaseHeldUntilMs = new Map<LeaseId, number>();
  /** When, in the world's time, a lease's end was committed, and what it was. */
  readonly #leaseEnds = new Map<LeaseId, { readonly atMs: number; readonly isExpiry: boolean }>();

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

  committed(entry: MirroredEntry): void {
    const { kind, data } = entry.entry;
    if (data.length > 0) {
      const proposal = decodeProposal(data);
      const { command } = proposal;
      if (kind === EntryKind.Normal && command.kind === 'LeaseExpire') this.#checkExpiry(command.leases);
      if (kind === EntryKind.Normal && command.kind === 'LeaseRevoke' && this.model.leases.has(command.id))
        this.#leaseEnds.set(command.id, { atMs: this.#world.nowMs, isExpiry: false });
      const before = this.model.revision;
      this.model.apply(entry.index, proposal);
      if (this.model.revision > before)
        for (const event of this.model.events(this.model.revision)) this.#checkOnce(event);
    }
    this.#revisionAt.set(entry.index, this.model.revision);
  }

  /** The production store, after applying through `index`. */
  checkRevision(member: number, index: number, revision: number): void {
    const expected = this.#revisionAt.get(index);
    if (expected === undefined || expected === revision) return;
    this.#world.fail(`member ${member} is at revision ${revision} after entry ${index}, the model at ${expected}`);
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
    const isThere = this.model.events(revision).some((event) => event.key === key && event.item?.value === value);
    this.#world.check(isThere, () => `an acknowledged put of ${value} to ${key} is not what revision ${revision} did`);
    this.#world.check(
      revision > floor,
      () => `a put was given revision ${revision}, ${floor} had been seen before it was asked for`,
    );
    this.learned(revision);
  }

  acknowledgedDelete(key: string, deleted: number, revision: number, floor: number): void {
    this.#look();
    const isThere = this.model.events(revision).some((event) => event.key === key && event.item === null);
    if (deleted > 0)
      this.#world.check(isThere, () => `an acknowledged deletion of ${key} is not what revision ${revision} did`);
    else
      this.#world.check(
        this.model.at(key, revision) === null,
        () => `${key} was said to be absent at revision ${revision}, it was not`,
      );
    this.#world.check(
      deleted > 0 ? revision > floor : revision >= floor,
      () => `a deletion saw revision ${revision}, ${floor} was known before`,
    );
    this.learned(revision);
  }

  /** @param floor 0 for a serializable read, which may be old but must have been true */
  answeredRange(keys: Keys, wantedRevision: number, result: RangeResult, floor: number): void {
    this.#look();
    const revision = wantedRevision === 0 ? result.revision : wantedRevision;
    const expected = this.model.keysAt(keys, revision).map((key) => describeItem(key, this.model.at(key, revision)!));
    const actual = result.items.map((item) => describeItem(latin(item.key), itemOf(item)));
    this.#world.check(
      expected.join() === actual.join() && result.count === expected.length,
      () => `a read at revision ${revision} gave [${actual}], true was [${expected}]`,
    );
    this.#world.check(
      result.revision >= floor,
      () => `a read saw revision ${result.revision}, ${floor} was known before it was asked for`,
    );
    if (floor > 0) this.learned(result.revision);
  }

  /** Said to have had no effect: it never must. */
  refused(value: string): void {
    this.#refused.add(value);
    const revision = this.#revisionOfValue.get(value);
    if (revision !== undefined)
      this.#world.fail(`the put of ${value} was refused for certain, but is revision ${revision}`);
  }

  /** Each batch is all that its revision did in the watched keys, and nothing lies between it and the one before. */
  watched(keys: Keys, after: number, batch: WatchBatch): void {
    this.#look();
    const missed = (revision: number): readonly ModelEvent[] =>
      this.model.events(revision).filter((event) => isIn(keys, event.key));
    this.#world.check(
      batch.revision > after || batch.events.length === 0,
      () => `a watch repeated revision ${batch.revision} after ${after}`,
    );
    this.#world.check(
      batch.revision <= this.model.revision,
      () => `a watch told of revision ${batch.revision}, which is not committed`,
    );
    for (let revision = after + 1; revision < batch.revision; revision++) {
      this.#world.check(
        missed(revision).length === 0,
        () => `a watch left out revision ${revision}, between ${after} and ${batch.revision}`,
      );
    }
    if (batch.revision <= after) return;
    const expected = missed(batch.revision).map((event) => describeEvent(event.key, event.item));
    const actual = batch.events.map(({ kind, item }) =>
      describeEvent(latin(item.key), kind === 'Delete' ? null : itemOf(item)),
    );
    this.#world.check(
      expected.join() === actual.join(),
      () => `a watch said [${actual}] of revision ${batch.revision}, true is [${expected}]`,
    );
  }

  /** From when it was asked for, by the slowest clock, the holder has the lease for its whole time. */
  leaseHeld(lease: LeaseId, askedMs: number, ttlSeconds: number): void {
    this.#look();
    const untilMs = askedMs + ttlSeconds * 1000 * this.#leastTimeShare;
    this.#leaseHeldUntilMs.set(lease, Math.max(untilMs, this.#leaseHeldUntilMs.get(lease) ?? 0));
    const end = this.#leaseEnds.get(lease);
    if (end === undefined) return;
    this.#world.check(askedMs <= end.atMs, () => `lease ${lease} was said to be held, asked after it had ended`);
    this.#world.check(
      !end.isExpiry || untilMs <= end.atMs,
      () => `lease ${lease} was said to be held for ${ttlSeconds} s, it had expired when that was answered`,
    );
  }

  #checkExpiry(leases: readonly { readonly id: LeaseId; readonly epoch: number }[]): void {
    for (const { id, epoch } of leases) {
      if (this.model.leases.get(id)?.epoch !== epoch) continue;
      const untilMs = this.#leaseHeldUntilMs.get(id) ?? 0;
      this.#world.count('leases expired');
      this.#leaseEnds.set(id, { atMs: this.#world.nowMs, isExpiry: true });
      this.#world.check(
        untilMs <= this.#world.nowMs,
        () => `lease ${id} expired, its holder was promised ${(untilMs - this.#world.nowMs).toFixed(0)} ms more`,
      );
    }
  }

  #checkOnce({ key, item, revision }: ModelEvent): void {
    if (item === null) return;
    const name = `${key}=${item.value}`;
    const before = this.#revisionOfValue.get(name);
    this.#world.check(
      before === undefined,
      () => `the put of ${name} was applied twice, in revisions ${before} and ${revision}`,
    );
    this.#world.check(
      !this.#refused.has(name),
      () => `the put of ${name} was refused for certain, and is revision ${revision}`,
    );
    this.#revisionOfValue.set(name, revision);
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
