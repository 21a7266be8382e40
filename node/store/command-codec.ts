/** Commands as bytes: a kind byte, then the fields in the order of their type. Kinds are never reused. */
import { decodeAuthChange, encodeAuthChange } from './auth/state-codec.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { UnknownEntry } from './errors.ts';
import type {
  Command,
  Compare,
  Comparison,
  DeleteRange,
  Keys,
  LeaseId,
  MembershipChange,
  Put,
  Range,
  SortTarget,
  Txn,
  TxnOperation,
} from './types.ts';

const Kind = {
  Put: 1,
  DeleteRange: 2,
  Range: 3,
  Txn: 4,
  Compact: 5,
  LeaseGrant: 6,
  LeaseRevoke: 7,
  LeaseExpire: 8,
  LeaseCheckpoint: 9,
  ChangeMembership: 10,
  RaiseFormat: 11,
  ChangeAuth: 12,
  MarkCorrupt: 13,
} as const;

const COMPARISONS: readonly Comparison[] = ['Equal', 'NotEqual', 'Greater', 'Less'];
const COMPARE_TARGETS: readonly Compare['target'][] = ['Value', 'Create', 'Mod', 'Version', 'Lease'];
const SORT_TARGETS: readonly SortTarget[] = ['Key', 'Version', 'Create', 'Mod', 'Value'];
const CHANGES: readonly MembershipChange['kind'][] = [
  'AddLearner',
  'Promote',
  'Remove',
  'ReplaceVoters',
  'AddUnclaimed',
  'UpdateAddress',
];

export function writeCommand(writer: ByteWriter, command: Command): void {
  writer.u8(Kind[command.kind]);
  switch (command.kind) {
    case 'Put':
      writePut(writer, command);
      return;
    case 'DeleteRange':
      writeKeys(writer, command);
      writer.u8(command.returnPrevious ? 1 : 0);
      return;
    case 'Range':
      writeRange(writer, command);
      return;
    case 'Txn':
      writeList(writer, command.compares, writeCompare);
      writeList(writer, command.success, writeCommand);
      writeList(writer, command.failure, writeCommand);
      return;
    case 'Compact':
      writer.varint(command.revision);
      return;
    case 'LeaseGrant':
      writer.u64(command.id);
      writer.varint(command.ttlSeconds);
      return;
    case 'LeaseRevoke':
      writer.u64(command.id);
      return;
    case 'LeaseExpire':
      writeList(writer, command.leases, (_, lease) => {
        writer.u64(lease.id);
        writer.varint(lease.epoch);
      });
      return;
    case 'LeaseCheckpoint':
      writeList(writer, command.leases, (_, lease) => {
        writer.u64(lease.id);
        writer.varint(lease.remainingSeconds);
      });
      return;
    case 'ChangeMembership':
      writer.varint(command.expectedConfigIndex);
      writeChange(writer, command.change);
      return;
    case 'RaiseFormat':
      writer.varint(command.format);
      return;
    case 'ChangeAuth': {
      const { number, text } = encodeAuthChange(command.change);
      writer.u8(number);
      writer.text(text);
      return;
    }
    case 'MarkCorrupt':
      writer.u8(command.isCorrupt ? 1 : 0);
      writeList(writer, command.members, (_, id) => writer.varint(id));
      return;
  }
}

export function readCommand(reader: ByteReader): Command {
  const kind = reader.u8();
  switch (kind) {
    case Kind.Put:
    case Kind.DeleteRange:
    case Kind.Range:
    case Kind.Txn:
      return readOperation(reader, kind);
    case Kind.Compact:
      return { kind: 'Compact', revision: reader.varint() };
    case Kind.LeaseGrant:
      return { kind: 'LeaseGrant', id: reader.u64(), ttlSeconds: reader.varint() };
    case Kind.LeaseRevoke:
      return { kind: 'LeaseRevoke', id: reader.u64() };
    case Kind.LeaseExpire:
      return {
        kind: 'LeaseExpire',
        leases: readList(reader, () => ({ id: reader.u64(), epoch: reader.varint() })),
      };
    case Kind.LeaseCheckpoint:
      return {
        kind: 'LeaseCheckpoint',
        leases: readList(reader, () => ({ id: reader.u64(), remainingSeconds: reader.varint() })),
      };
    case Kind.ChangeMembership:
      return { kind: 'ChangeMembership', expectedConfigIndex: reader.varint(), change: readChange(reader) };
    case Kind.RaiseFormat:
      return { kind: 'RaiseFormat', format: reader.varint() };
    case Kind.ChangeAuth: {
      const number = reader.u8();
      return { kind: 'ChangeAuth', change: decodeAuthChange(number, reader.text()) };
    }
    case Kind.MarkCorrupt: {
      const isCorrupt = readFlags(reader, 1) === 1;
      return { kind: 'MarkCorrupt', isCorrupt, members: readList(reader, () => reader.varint()) };
    }
    default:
      throw new UnknownEntry('command kind', kind);
  }
}

function readOperation(reader: ByteReader, kind: number): TxnOperation {
  switch (kind) {
    case Kind.Put:
      return readPut(reader);
    case Kind.DeleteRange:
      return readDeleteRange(reader);
    case Kind.Range:
      return readRange(reader);
    case Kind.Txn:
      return readTxn(reader);
    default:
      throw new UnknownEntry('transaction operation', kind);
  }
}

function readTxn(reader: ByteReader): Txn {
  const nextOperation = (): TxnOperation => readOperation(reader, reader.u8());
  return {
    kind: 'Txn',
    compares: readList(reader, readCompare),
    success: readList(reader, nextOperation),
    failure: readList(reader, nextOperation),
  };
}

const PUT_LEASE = 1;
const PUT_RETURN_PREVIOUS = 2;
const PUT_IGNORE_VALUE = 4;
const PUT_IGNORE_LEASE = 8;

function writePut(writer: ByteWriter, put: Put): void {
  const flags =
    (put.lease === 0n ? 0 : PUT_LEASE) |
    (put.returnPrevious ? PUT_RETURN_PREVIOUS : 0) |
    (put.ignoreValue ? PUT_IGNORE_VALUE : 0) |
    (put.ignoreLease ? PUT_IGNORE_LEASE : 0);
  writer.u8(flags);
  if (put.lease !== 0n) writer.u64(put.lease);
  writer.bytes(put.key);
  writer.bytes(put.value);
}

function readPut(reader: ByteReader): Put {
  const flags = readFlags(reader, 15);
  const lease: LeaseId = (flags & PUT_LEASE) === 0 ? 0n : reader.u64();
  return {
    kind: 'Put',
    key: reader.bytes(),
    value: reader.bytes(),
    lease,
    returnPrevious: (flags & PUT_RETURN_PREVIOUS) !== 0,
    ignoreValue: (flags & PUT_IGNORE_VALUE) !== 0,
    ignoreLease: (flags & PUT_IGNORE_LEASE) !== 0,
  };
}

function readDeleteRange(reader: ByteReader): DeleteRange {
  return { kind: 'DeleteRange', ...readKeys(reader), returnPrevious: readFlags(reader, 1) === 1 };
}

const RANGE_KEYS_ONLY = 1;
const RANGE_COUNT_ONLY = 2;
const RANGE_SORTED = 4;
const RANGE_DESCENDING = 8;

function writeRange(writer: ByteWriter, range: Range): void {
  writeKeys(writer, range);
  const { sort } = range;
  const flags =
    (range.keysOnly ? RANGE_KEYS_ONLY : 0) |
    (range.countOnly ? RANGE_COUNT_ONLY : 0) |
    (sort === null ? 0 : RANGE_SORTED) |
    (sort?.descending ? RANGE_DESCENDING : 0);
  writer.u8(flags);
  if (sort !== null) writer.u8(SORT_TARGETS.indexOf(sort.target));
  writer.varint(range.revision);
  writer.varint(range.limit);
  writer.varint(range.minModRevision);
  writer.varint(range.maxModRevision);
  writer.varint(range.minCreateRevision);
  writer.varint(range.maxCreateRevision);
}

function readRange(reader: ByteReader): Range {
  const keys = readKeys(reader);
  const flags = readFlags(reader, 15);
  const sort =
    (flags & RANGE_SORTED) === 0
      ? null
      : { target: readChoice(reader, SORT_TARGETS, 'sort target'), descending: (flags & RANGE_DESCENDING) !== 0 };
  return {
    kind: 'Range',
    ...keys,
    revision: reader.varint(),
    limit: reader.varint(),
    sort,
    keysOnly: (flags & RANGE_KEYS_ONLY) !== 0,
    countOnly: (flags & RANGE_COUNT_ONLY) !== 0,
    minModRevision: reader.varint(),
    maxModRevision: reader.varint(),
    minCreateRevision: reader.varint(),
    maxCreateRevision: reader.varint(),
  };
}

function writeCompare(writer: ByteWriter, compare: Compare): void {
  writeKeys(writer, compare);
  writer.u8(COMPARISONS.indexOf(compare.comparison));
  writer.u8(COMPARE_TARGETS.indexOf(compare.target));
  if (compare.target === 'Value') writer.bytes(compare.value);
  else if (compare.target === 'Lease') writer.u64(compare.lease);
  else writer.varint(compare.number);
}

function readCompare(reader: ByteReader): Compare {
  const keys = readKeys(reader);
  const comparison = readChoice(reader, COMPARISONS, 'comparison');
  const target = readChoice(reader, COMPARE_TARGETS, 'compare target');
  if (target === 'Value') return { ...keys, comparison, target, value: reader.bytes() };
  if (target === 'Lease') return { ...keys, comparison, target, lease: reader.u64() };
  return { ...keys, comparison, target, number: reader.varint() };
}

function writeChange(writer: ByteWriter, change: MembershipChange): void {
  writer.u8(CHANGES.indexOf(change.kind));
  switch (change.kind) {
    case 'AddLearner':
      writer.text(change.name);
      writer.text(change.peerAddress);
      writer.text(change.incarnation);
      return;
    case 'Promote':
    case 'Remove':
      writer.varint(change.id);
      return;
    case 'ReplaceVoters':
      writeList(writer, change.voters, (_, id) => writer.varint(id));
      return;
    case 'AddUnclaimed':
      writer.text(change.peerAddress);
      return;
    case 'UpdateAddress':
      writer.varint(change.id);
      writer.text(change.peerAddress);
      return;
  }
}

function readChange(reader: ByteReader): MembershipChange {
  const kind = readChoice(reader, CHANGES, 'membership change');
  switch (kind) {
    case 'AddLearner':
      return { kind, name: reader.text(), peerAddress: reader.text(), incarnation: reader.text() };
    case 'Promote':
    case 'Remove':
      return { kind, id: reader.varint() };
    case 'ReplaceVoters':
      return { kind, voters: readList(reader, () => reader.varint()) };
    case 'AddUnclaimed':
      return { kind, peerAddress: reader.text() };
    case 'UpdateAddress':
      return { kind, id: reader.varint(), peerAddress: reader.text() };
  }
}

/** 0 for one key, 1 for a range. */
function writeKeys(writer: ByteWriter, keys: Keys): void {
  writer.u8(keys.rangeEnd === null ? 0 : 1);
  writer.bytes(keys.key);
  if (keys.rangeEnd !== null) writer.bytes(keys.rangeEnd);
}

function readKeys(reader: ByteReader): Keys {
  const isRange = readFlags(reader, 1) === 1;
  return { key: reader.bytes(), rangeEnd: isRange ? reader.bytes() : null };
}

function writeList<T>(writer: ByteWriter, items: readonly T[], write: (writer: ByteWriter, item: T) => void): void {
  writer.varint(items.length);
  for (const item of items) write(writer, item);
}

function readList<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const count = reader.varint();
  const items: T[] = [];
  // Not `new Array(count)`: a damaged count must run into the end of the record, not fill memory.
  for (let n = 0; n < count; n += 1) items.push(read(reader));
  return items;
}

function readFlags(reader: ByteReader, mask: number): number {
  const flags = reader.u8();
  if (flags > mask) throw new UnknownEntry('flags', flags);
  return flags;
}

function readChoice<T>(reader: ByteReader, choices: readonly T[], what: string): T {
  const number = reader.u8();
  const choice = choices[number];
  if (choice === undefined) throw new UnknownEntry(what, number);
  return choice;
}
