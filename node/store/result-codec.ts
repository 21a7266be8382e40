/** Answers as bytes: remembered with an idempotency key, so that a retry gets the first one's. */
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { DamagedRecord } from './errors.ts';
import { readMembership, writeMembership } from './membership-codec.ts';
import type { KeyValue, RangeResult, Result, StoreErrorCode, TxnResult } from './types.ts';

const Kind = {
  Put: 1,
  DeleteRange: 2,
  Range: 3,
  Txn: 4,
  Compact: 5,
  Lease: 6,
  Leases: 7,
  Membership: 8,
  Format: 9,
  Failed: 10,
  Auth: 11,
  Corrupt: 12,
} as const;

export function encodeResult(result: Result): Buffer {
  const writer = new ByteWriter(64);
  writeResult(writer, result);
  return writer.finish();
}

export function decodeResult(data: Uint8Array): Result {
  const reader = new ByteReader(data);
  const result = readResult(reader);
  reader.end();
  return result;
}

function writeResult(writer: ByteWriter, result: Result): void {
  writer.u8(Kind[result.kind]);
  switch (result.kind) {
    case 'Put':
      writer.varint(result.revision);
      writer.u8(result.previous === null ? 0 : 1);
      if (result.previous !== null) writeKeyValue(writer, result.previous);
      return;
    case 'DeleteRange':
      writer.varint(result.revision);
      writer.varint(result.deleted);
      writeKeyValues(writer, result.previous);
      return;
    case 'Range':
      writer.varint(result.revision);
      writer.varint(result.count);
      writer.u8(result.more ? 1 : 0);
      writeKeyValues(writer, result.items);
      return;
    case 'Txn':
      writer.varint(result.revision);
      writer.u8(result.succeeded ? 1 : 0);
      writer.varint(result.results.length);
      for (const inner of result.results) writeResult(writer, inner);
      return;
    case 'Compact':
      writer.varint(result.revision);
      writer.varint(result.compactedRevision);
      return;
    case 'Lease':
      writer.varint(result.revision);
      writer.u64(result.id);
      writer.varint(result.ttlSeconds);
      return;
    case 'Leases':
      writer.varint(result.revision);
      writer.varint(result.affected.length);
      for (const id of result.affected) writer.u64(id);
      return;
    case 'Membership':
      writer.varint(result.id);
      writeMembership(writer, result.membership);
      return;
    case 'Format':
      writer.varint(result.format);
      return;
    case 'Auth':
      writer.varint(result.revision);
      writer.varint(result.authRevision);
      return;
    case 'Corrupt':
      writer.varint(result.members.length);
      for (const id of result.members) writer.varint(id);
      return;
    case 'Failed':
      writer.text(result.code);
      writer.text(result.message);
      return;
  }
}

function readResult(reader: ByteReader): Result {
  const kind = reader.u8();
  switch (kind) {
    case Kind.Put:
    case Kind.DeleteRange:
    case Kind.Range:
    case Kind.Txn:
      return readOperationResult(reader, kind);
    case Kind.Compact:
      return { kind: 'Compact', revision: reader.varint(), compactedRevision: reader.varint() };
    case Kind.Lease:
      return { kind: 'Lease', revision: reader.varint(), id: reader.u64(), ttlSeconds: reader.varint() };
    case Kind.Leases:
      return { kind: 'Leases', revision: reader.varint(), affected: readMany(reader, () => reader.u64()) };
    case Kind.Membership: {
      const id = reader.varint();
      return { kind: 'Membership', membership: readMembership(reader), id };
    }
    case Kind.Format:
      return { kind: 'Format', format: reader.varint() };
    case Kind.Auth:
      return { kind: 'Auth', revision: reader.varint(), authRevision: reader.varint() };
    case Kind.Corrupt:
      return { kind: 'Corrupt', members: readMany(reader, () => reader.varint()) };
    case Kind.Failed:
      return { kind: 'Failed', code: reader.text() as StoreErrorCode, message: reader.text() };
    default:
      throw new DamagedRecord(`a remembered answer has the unknown kind ${kind}`);
  }
}

function readOperationResult(reader: ByteReader, kind: number): TxnResult['results'][number] {
  const revision = reader.varint();
  switch (kind) {
    case Kind.Put:
      return { kind: 'Put', revision, previous: reader.u8() === 0 ? null : readKeyValue(reader) };
    case Kind.DeleteRange:
      return { kind: 'DeleteRange', revision, deleted: reader.varint(), previous: readMany(reader, readKeyValue) };
    case Kind.Range:
      return readRangeResult(reader, revision);
    case Kind.Txn: {
      const succeeded = reader.u8() === 1;
      return {
        kind: 'Txn',
        revision,
        succeeded,
        results: readMany(reader, () => readOperationResult(reader, reader.u8())),
      };
    }
    default:
      throw new DamagedRecord(`a remembered answer of a transaction has the unknown kind ${kind}`);
  }
}

function readRangeResult(reader: ByteReader, revision: number): RangeResult {
  const count = reader.varint();
  const more = reader.u8() === 1;
  return { kind: 'Range', revision, items: readMany(reader, readKeyValue), count, more };
}

function writeKeyValues(writer: ByteWriter, items: readonly KeyValue[]): void {
  writer.varint(items.length);
  for (const item of items) writeKeyValue(writer, item);
}

function writeKeyValue(writer: ByteWriter, item: KeyValue): void {
  writer.bytes(item.key);
  writer.bytes(item.value);
  writer.varint(item.createRevision);
  writer.varint(item.modRevision);
  writer.varint(item.version);
  writer.u64(item.lease);
}

function readKeyValue(reader: ByteReader): KeyValue {
  return {
    key: reader.bytes(),
    value: reader.bytes(),
    createRevision: reader.varint(),
    modRevision: reader.varint(),
    version: reader.varint(),
    lease: reader.u64(),
  };
}

function readMany<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const items: T[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) items.push(read(reader));
  return items;
}
