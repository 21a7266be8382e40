/**
 * What the replicated store must do, in its simplest form: everything in memory, every revision kept. It reads the
 * committed entries as the production store does, and says what each revision was.
 */
import type { Compare, Keys, LeaseId, Proposal, Txn, TxnOperation } from '../../node/store/types.ts';

export type ModelItem = {
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: LeaseId;
};

/** `item` is null for a deletion. */
export type ModelEvent = { readonly revision: number; readonly key: string; readonly item: ModelItem | null };

type ModelLease = { readonly ttlSeconds: number; readonly epoch: number };

/** As the contract has it. */
const REVISION_GAP = 1_000_000;

export class ModelStore {
  revision = 1;
  compactedRevision = 0;
  readonly leases: Map<LeaseId, ModelLease> = new Map();
  /** Each key's versions, oldest first. */
  readonly #versions = new Map<string, ModelEvent[]>();
  readonly #events = new Map<number, ModelEvent[]>();
  readonly #answered = new Set<string>();
  /** Keys changed by the command that is being applied; a transaction is one revision. */
  #changed = false;

  apply(index: number, proposal: Proposal): void {
    const { command, idempotency } = proposal;
    if (idempotency !== null) {
      if (this.#answered.has(idempotency.key)) return;
      this.#answered.add(idempotency.key);
    }
    this.#changed = false;
    switch (command.kind) {
      case 'Put':
      case 'DeleteRange':
      case 'Txn':
        if (this.#leasesExist(command)) this.#run(command);
        break;
      case 'LeaseGrant':
        if (!this.leases.has(command.id)) this.leases.set(command.id, { ttlSeconds: command.ttlSeconds, epoch: index });
        break;
      case 'LeaseRevoke':
        this.#end([command.id]);
        break;
      case 'LeaseExpire':
        this.#end(command.leases.filter(({ id, epoch }) => this.leases.get(id)?.epoch === epoch).map(({ id }) => id));
        break;
      case 'Compact':
        if (command.revision <= this.revision)
          this.compactedRevision = Math.max(this.compactedRevision, command.revision);
        break;
      case 'Range':
      case 'LeaseCheckpoint':
      case 'ChangeMembership':
      case 'RaiseFormat':
      case 'ChangeAuth':
        break;
      case 'MarkCorrupt':
        throw new Error(`members ${command.members.join(', ')} were taken to hold other keys than the rest`);
    }
    if (this.#changed) this.revision++;
  }

  /** A cluster that goes on from this one's state begins with it, above all revisions that were given before. */
  raise(): void {
    this.revision += REVISION_GAP;
    this.compactedRevision = this.revision;
  }

  /** The key as of a revision; null when it did not exist. */
  at(key: string, revision: number): ModelItem | null {
    return this.#versions.get(key)?.findLast((event) => event.revision <= revision)?.item ?? null;
  }

  /** Keys in the range that existed as of a revision, in order. */
  keysAt(keys: Keys, revision: number): string[] {
    return [...this.#versions.keys()].filter((key) => isIn(keys, key) && this.at(key, revision) !== null).sort();
  }

  events(revision: number): readonly ModelEvent[] {
    return this.#events.get(revision) ?? [];
  }

  /** Whether the compares held just before this revision was made, or as of it when it made nothing. */
  holds(compares: readonly Compare[], revision: number): boolean {
    return compares.every((compare) => compareHolds(compare, this.at(latin(compare.key), revision)));
  }

  #run(command: TxnOperation): void {
    switch (command.kind) {
      case 'Put': {
        const key = latin(command.key);
        const present = this.at(key, this.revision + 1);
        this.#record(key, {
          value: latin(command.value),
          createRevision: present?.createRevision ?? this.revision + 1,
          modRevision: this.revision + 1,
          version: (present?.version ?? 0) + 1,
          lease: command.lease,
        });
        break;
      }
      case 'DeleteRange':
        for (const key of this.keysAt(command, this.revision + 1)) this.#record(key, null);
        break;
      case 'Range':
        break;
      case 'Txn': {
        const branch = this.holds(command.compares, this.revision + 1) ? command.success : command.failure;
        for (const operation of branch) this.#run(operation);
        break;
      }
    }
  }

  #leasesExist(command: Txn | TxnOperation): boolean {
    if (command.kind === 'Put') return command.lease === 0n || this.leases.has(command.lease);
    if (command.kind !== 'Txn') return true;
    const branch = this.holds(command.compares, this.revision) ? command.success : command.failure;
    return branch.every((operation) => this.#leasesExist(operation));
  }

  /** The keys of all of them go in one revision, in order. */
  #end(ids: readonly LeaseId[]): void {
    const ended = ids.filter((id) => this.leases.delete(id));
    for (const key of [...this.#versions.keys()].sort()) {
      const lease = this.at(key, this.revision)?.lease;
      if (lease !== undefined && ended.includes(lease)) this.#record(key, null);
    }
  }

  #record(key: string, item: ModelItem | null): void {
    const revision = this.revision + 1;
    const event = { revision, key, item };
    this.#changed = true;
    append(this.#versions, key, event);
    append(this.#events, revision, event);
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

export function isIn(keys: Keys, key: string): boolean {
  const from = latin(keys.key);
  if (keys.rangeEnd === null) return key === from;
  const end = latin(keys.rangeEnd);
  return key >= from && (end === '\0' || key < end);
}

export function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function compareHolds(compare: Compare, item: ModelItem | null): boolean {
  if (compare.rangeEnd !== null) throw new Error('the model compares single keys only');
  if (compare.target === 'Value') return item !== null && ordered(compare, item.value, latin(compare.value));
  if (compare.target === 'Lease') return ordered(compare, item?.lease ?? 0n, compare.lease);
  const number = { Create: item?.createRevision, Mod: item?.modRevision, Version: item?.version }[compare.target] ?? 0;
  return ordered(compare, number, compare.number);
}

function ordered<T extends string | number | bigint>(compare: Compare, actual: T, wanted: T): boolean {
  switch (compare.comparison) {
    case 'Equal':
      return actual === wanted;
    case 'NotEqual':
      return actual !== wanted;
    case 'Greater':
      return actual > wanted;
    case 'Less':
      return actual < wanted;
  }
}
