/**
 * What one cluster has committed, in order, and what that makes of the store. A cluster that was recovered or restored
 * begins with another one's history up to some entry, and goes on from there by itself.
 */
import { EntryKind } from '../../node/raft/types.ts';
import { decodeProposal } from '../../node/store/codec.ts';
import type { LeaseId } from '../../node/store/types.ts';
import type { MirroredEntry } from './log-mirror.ts';
import { type ModelEvent, ModelStore } from './model-store.ts';

export type Step =
  | { readonly kind: 'Entry'; readonly entry: MirroredEntry; readonly atMs: number }
  /** A new cluster takes the state over; its log goes on after `index`. */
  | { readonly kind: 'TakenOver'; readonly index: number };

/** When, in the world's time, a lease's end was committed, and what it was. */
export type LeaseEnd = { readonly atMs: number; readonly isExpiry: boolean };

export class History {
  readonly clusterId: string;
  readonly model: ModelStore = new ModelStore();
  readonly leaseEnds: Map<LeaseId, LeaseEnd> = new Map();
  /** Each value is written once: it tells which request an event comes from. */
  readonly revisionOfValue: Map<string, number> = new Map();
  /** Of the state that this cluster has begun with: below it are another one's. */
  firstRevision = 1;
  lastIndex = 1;
  /** Revisions above this one are not those of the cluster before. */
  readonly sharedRevision: number;
  readonly #steps: Step[] = [];
  /** The store's revision after each entry of this cluster's log. */
  readonly #revisionAt = new Map<number, number>([[1, 1]]);
  readonly #digestAt = new Map<number, string>();

  constructor(clusterId: string, sharedRevision = 0) {
    this.clusterId = clusterId;
    this.sharedRevision = sharedRevision;
  }

  /** @returns what it changed */
  append(step: Step): readonly ModelEvent[] {
    this.#steps.push(step);
    const before = this.model.revision;
    if (step.kind === 'TakenOver') this.#takeOver(step.index);
    else this.#apply(step.entry, step.atMs);
    const { revision } = this.model;
    this.#revisionAt.set(this.lastIndex, revision);
    return revision === before ? [] : this.model.events(revision);
  }

  /** Undefined for an entry that was not committed here. */
  revisionAt(index: number): number | undefined {
    return this.#revisionAt.get(index);
  }

  /** Leases that this entry would end because their time is over. */
  expiredBy({ entry: { kind, data } }: MirroredEntry): readonly LeaseId[] {
    if (data.length === 0 || kind !== EntryKind.Normal) return [];
    const { command } = decodeProposal(data);
    if (command.kind !== 'LeaseExpire') return [];
    return command.leases.filter(({ id, epoch }) => this.model.leases.get(id)?.epoch === epoch).map(({ id }) => id);
  }

  /** What a snapshot at `index` holds. */
  through(index: number): readonly Step[] {
    const beganAt = this.#steps.findLastIndex(({ kind }) => kind === 'TakenOver');
    return this.#steps.filter((step, at) => at <= beganAt || (step.kind === 'Entry' && step.entry.index <= index));
  }

  /** The newest revision of this history that a log has too: entries after those that it was cut at. */
  revisionSharedWith(cutAt: number, entries: readonly MirroredEntry[]): number {
    let shared = cutAt;
    for (const { index, digest } of entries) {
      if (this.#digestAt.get(index) !== digest) break;
      shared = index;
    }
    return this.#revisionAt.get(shared) ?? 0;
  }

  #takeOver(index: number): void {
    this.model.raise();
    this.firstRevision = this.model.revision;
    this.lastIndex = index;
    this.#revisionAt.clear();
    this.#digestAt.clear();
  }

  #apply(mirrored: MirroredEntry, atMs: number): void {
    const { index, digest, entry } = mirrored;
    this.lastIndex = index;
    this.#digestAt.set(index, digest);
    for (const id of this.expiredBy(mirrored)) this.leaseEnds.set(id, { atMs, isExpiry: true });
    if (entry.data.length === 0) return;
    const proposal = decodeProposal(entry.data);
    const { command } = proposal;
    if (entry.kind === EntryKind.Normal && command.kind === 'LeaseRevoke' && this.model.leases.has(command.id))
      this.leaseEnds.set(command.id, { atMs, isExpiry: false });
    this.model.apply(index, proposal);
  }
}
