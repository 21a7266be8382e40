/**
 * The store once more, as naively as can be: a copy of all keys for every revision, filters and sorts over arrays.
 * Tests hold the real one against it.
 */
import type {
  Command,
  CommittedEntry,
  Compare,
  DeleteRange,
  Failed,
  Keys,
  KeyValue,
  Lease,
  Put,
  Range,
  RangeResult,
  Result,
  StoreErrorCode,
  Txn,
  TxnOperation,
  TxnResult,
  WatchBatch,
  WatchedEvent,
  WatchOptions,
} from '../types.ts';

type State = ReadonlyMap<string, KeyValue>;

export class Model {
  /** By revision; those that a recovery skipped are absent. */
  readonly states: Map<number, State> = new Map([[1, new Map()]]);
  readonly events: Map<number, WatchedEvent[]> = new Map();
  readonly leases: Map<bigint, Lease> = new Map();
  readonly answers: Map<string, { readonly fingerprint: Buffer; readonly result: Result }> = new Map();
  revision = 1;
  compactedRevision = 0;
  #now: Map<string, KeyValue> = new Map();
  #written: WatchedEvent[] = [];

  apply(entry: CommittedEntry): Result | null {
    const { proposal } = entry;
    if (proposal === null) return null;
    const { idempotency } = proposal;
    const known = idempotency === null ? undefined : this.answers.get(idempotency.key);
    if (idempotency !== null && known !== undefined) {
      return known.fingerprint.equals(idempotency.fingerprint) ? known.result : fail('idempotency_key_reused');
    }
    const result = this.#run(proposal.command, entry.index);
    if (this.#written.length > 0) {
      this.revision += 1;
      this.events.set(this.revision, this.#written);
      this.states.set(this.revision, new Map(this.#now));
      this.#written = [];
    }
    const isStatic = result.kind === 'Failed' && ['invalid_request', 'duplicate_key'].includes(result.code);
    if (idempotency !== null && !isStatic) {
      this.answers.set(idempotency.key, { fingerprint: idempotency.fingerprint, result });
    }
    return result;
  }

  range(range: Range): RangeResult | Failed {
    return this.#refuseRange(range) ?? this.#range(range);
  }

  /** Also at a revision that is compacted. */
  rangeOfAnyAge(range: Range): RangeResult {
    return this.#range(range);
  }

  /** Everything a watch made now gets, were it to end at the present revision; null when it is compacted. */
  watch(options: WatchOptions): WatchBatch[] | null {
    const first = options.startRevision === 0 ? this.revision + 1 : options.startRevision;
    if (first < this.compactedRevision) return null;
    return this.eventsBetween(options, first, this.revision);
  }

  eventsBetween(options: WatchOptions, first: number, last: number): WatchBatch[] {
    const batches: WatchBatch[] = [];
    for (const [revision, all] of this.events) {
      if (revision < first || revision > last) continue;
      const events = all
        .filter(({ kind }) => !(kind === 'Put' ? options.skipPuts : options.skipDeletes))
        .filter(({ item }) => isIn(options, item.key))
        .map((event) => ({ ...event, previous: options.returnPrevious ? event.previous : null }));
      if (events.length > 0) batches.push({ revision, events });
    }
    return batches;
  }

  #run(command: Command, index: number): Result {
    switch (command.kind) {
      case 'Put':
      case 'DeleteRange':
      case 'Range':
        return this.#refuse(command, this.#now) ?? this.#operate(command);
      case 'Txn': {
        const before = new Map(this.#now);
        if (hasDuplicates(command)) return fail('duplicate_key');
        return this.#refuse(command, before) ?? this.#operate(command, before);
      }
      case 'Compact':
        if (command.revision > this.revision) return fail('future_revision');
        if (command.revision <= this.compactedRevision) return fail('compacted');
        this.compactedRevision = command.revision;
        return { kind: 'Compact', revision: this.revision, compactedRevision: command.revision };
      case 'LeaseGrant': {
        const { id, ttlSeconds } = command;
        if (this.leases.has(id)) return fail('lease_exists');
        this.leases.set(id, { id, ttlSeconds, remainingSeconds: ttlSeconds, epoch: index });
        return { kind: 'Lease', revision: this.revision, id, ttlSeconds };
      }
      case 'LeaseRevoke':
        return this.leases.has(command.id) ? this.#drop([command.id]) : fail('lease_not_found');
      case 'LeaseExpire':
        return this.#drop([
          ...new Set(
            command.leases.filter(({ id, epoch }) => this.leases.get(id)?.epoch === epoch).map(({ id }) => id),
          ),
        ]);
      case 'LeaseCheckpoint': {
        const known = command.leases.filter(({ id }) => this.leases.has(id));
        for (const { id, remainingSeconds } of known) {
          const lease = this.leases.get(id)!;
          this.leases.set(id, { ...lease, remainingSeconds: Math.min(remainingSeconds, lease.ttlSeconds) });
        }
        return { kind: 'Leases', revision: this.revision, affected: known.map(({ id }) => id) };
      }
      default:
        throw new Error(`the model has no ${command.kind}`);
    }
  }

  #drop(ids: bigint[]): Result {
    for (const id of ids) this.leases.delete(id);
    for (const item of sorted(this.#now)) {
      if (ids.includes(item.lease)) this.#delete(item);
    }
    return { kind: 'Leases', revision: this.#readRevision, affected: ids };
  }

  get #readRevision(): number {
    return this.revision + (this.#written.length > 0 ? 1 : 0);
  }

  #refuse(operation: TxnOperation, before: State): Failed | null {
    switch (operation.kind) {
      case 'Put':
        if ((operation.ignoreLease || operation.ignoreValue) && !before.has(text(operation.key))) {
          return fail('key_not_found');
        }
        return operation.lease !== 0n && !this.leases.has(operation.lease) ? fail('lease_not_found') : null;
      case 'Range':
        return this.#refuseRange(operation);
      case 'DeleteRange':
        return null;
      case 'Txn':
        for (const inner of branchOf(operation, before)) {
          const refusal = this.#refuse(inner, before);
          if (refusal !== null) return refusal;
        }
        return null;
    }
  }

  #refuseRange({ revision }: Range): Failed | null {
    if (revision > this.revision) return fail('future_revision');
    return revision !== 0 && revision < this.compactedRevision ? fail('compacted') : null;
  }

  #operate(operation: TxnOperation, before: State = this.#now): TxnResult['results'][number] {
    switch (operation.kind) {
      case 'Put':
        return this.#put(operation);
      case 'DeleteRange':
        return this.#deleteRange(operation);
      case 'Range':
        return this.#range(operation);
      case 'Txn': {
        const results = branchOf(operation, before).map((inner) => this.#operate(inner, before));
        return { kind: 'Txn', revision: this.#readRevision, succeeded: succeeds(operation, before), results };
      }
    }
  }

  #put(put: Put): TxnResult['results'][number] {
    const previous = this.#now.get(text(put.key)) ?? null;
    const item: KeyValue = {
      key: put.key,
      value: put.ignoreValue ? previous!.value : put.value,
      createRevision: previous?.createRevision ?? this.revision + 1,
      modRevision: this.revision + 1,
      version: (previous?.version ?? 0) + 1,
      lease: put.ignoreLease ? previous!.lease : put.lease,
    };
    this.#now.set(text(put.key), item);
    this.#written.push({ kind: 'Put', item, previous });
    return { kind: 'Put', revision: this.revision + 1, previous: put.returnPrevious ? previous : null };
  }

  #deleteRange(command: DeleteRange): TxnResult['results'][number] {
    const gone = sorted(this.#now).filter(({ key }) => isIn(command, key));
    for (const item of gone) this.#delete(item);
    const previous = command.returnPrevious ? gone : [];
    return { kind: 'DeleteRange', revision: this.#readRevision, deleted: gone.length, previous };
  }

  #delete(previous: KeyValue): void {
    this.#now.delete(text(previous.key));
    const item = {
      key: previous.key,
      value: Buffer.alloc(0),
      createRevision: 0,
      modRevision: this.revision + 1,
      version: 0,
      lease: 0n,
    };
    this.#written.push({ kind: 'Delete', item, previous });
  }

  #range(range: Range): RangeResult {
    const state = range.revision === 0 ? this.#now : this.states.get(range.revision)!;
    const inRange = sorted(state).filter(({ key }) => isIn(range, key));
    let items = inRange.filter(
      ({ modRevision, createRevision }) =>
        modRevision >= range.minModRevision &&
        modRevision <= (range.maxModRevision || Number.POSITIVE_INFINITY) &&
        createRevision >= range.minCreateRevision &&
        createRevision <= (range.maxCreateRevision || Number.POSITIVE_INFINITY),
    );
    if (range.sort !== null) {
      const { target, descending } = range.sort;
      items = items.toSorted((a, b) => (descending ? -1 : 1) * orderBy(target, a, b));
    }
    const all = items.length;
    if (range.limit > 0) items = items.slice(0, range.limit);
    let sizeBytes = 0;
    const fitting = items.findIndex((item) => {
      sizeBytes += item.key.length + (range.keysOnly ? 0 : item.value.length);
      return sizeBytes >= (range.maxBytes ?? Number.POSITIVE_INFINITY);
    });
    if (fitting !== -1) items = items.slice(0, fitting + 1);
    if (range.countOnly) items = [];
    return {
      kind: 'Range',
      revision: this.#readRevision,
      items: range.keysOnly ? items.map((item) => ({ ...item, value: Buffer.alloc(0) })) : items,
      count: inRange.length,
      more: !range.countOnly && items.length < all,
    };
  }
}

function fail(code: StoreErrorCode): Failed {
  return { kind: 'Failed', code, message: '' };
}

function text(key: Buffer): string {
  return key.toString('latin1');
}

function sorted(state: State): KeyValue[] {
  return [...state.values()].sort((a, b) => Buffer.compare(a.key, b.key));
}

function isIn({ key, rangeEnd }: Keys, candidate: Buffer): boolean {
  if (rangeEnd === null) return candidate.equals(key);
  const isOpen = rangeEnd.equals(Buffer.from([0]));
  return Buffer.compare(candidate, key) >= 0 && (isOpen || Buffer.compare(candidate, rangeEnd) < 0);
}

function branchOf(txn: Txn, before: State): readonly TxnOperation[] {
  return succeeds(txn, before) ? txn.success : txn.failure;
}

function succeeds(txn: Txn, before: State): boolean {
  return txn.compares.every((compare) => {
    const items = sorted(before).filter(({ key }) => isIn(compare, key));
    if (items.length === 0) return holds(compare, null);
    return items.every((item) => holds(compare, item));
  });
}

function holds(compare: Compare, item: KeyValue | null): boolean {
  if (item === null && compare.target === 'Value') return false;
  const [a, b] = sides(compare, item);
  switch (compare.comparison) {
    case 'Equal':
      return a === b;
    case 'NotEqual':
      return a !== b;
    case 'Greater':
      return a > b;
    case 'Less':
      return a < b;
  }
}

function sides(compare: Compare, item: KeyValue | null): [string | number | bigint, string | number | bigint] {
  switch (compare.target) {
    case 'Value':
      return [text(item!.value), text(compare.value)];
    case 'Create':
      return [item?.createRevision ?? 0, compare.number];
    case 'Mod':
      return [item?.modRevision ?? 0, compare.number];
    case 'Version':
      return [item?.version ?? 0, compare.number];
    case 'Lease':
      return [item?.lease ?? 0n, compare.lease];
  }
}

function orderBy(target: NonNullable<Range['sort']>['target'], a: KeyValue, b: KeyValue): number {
  switch (target) {
    case 'Key':
      return Buffer.compare(a.key, b.key);
    case 'Value':
      return Buffer.compare(a.value, b.value);
    case 'Version':
      return a.version - b.version;
    case 'Create':
      return a.createRevision - b.createRevision;
    case 'Mod':
      return a.modRevision - b.modRevision;
  }
}

/** Every way through the branches is tried, and every pair of writes on it. */
function hasDuplicates(txn: Txn): boolean {
  return waysThrough(txn).some((way) =>
    way.some((write, n) =>
      way.slice(n + 1).some((other) => {
        if (write.kind === 'Put') return isIn(rangeOf(other), write.key);
        return other.kind === 'Put' && isIn(write, other.key);
      }),
    ),
  );
}

function rangeOf(write: Put | DeleteRange): Keys {
  return write.kind === 'Put' ? { key: write.key, rangeEnd: null } : write;
}

function waysThrough(txn: Txn): (Put | DeleteRange)[][] {
  return [txn.success, txn.failure].flatMap((branch) =>
    branch.reduce<(Put | DeleteRange)[][]>(
      (ways, operation) => {
        if (operation.kind === 'Range') return ways;
        const next = operation.kind === 'Txn' ? waysThrough(operation) : [[operation]];
        return ways.flatMap((way) => next.map((more) => [...way, ...more]));
      },
      [[]],
    ),
  );
}
