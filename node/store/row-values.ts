/** Contents of the rows: the newest version of a key, an event of history, an index row, a lease. */
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { invariant } from './errors.ts';
import type { KeyValue, Lease, LeaseId } from './types.ts';

/** Larger values are in the history row alone: a scan of current rows must not drag megabytes along. */
export const MAX_INLINE_VALUE_BYTES = 1024;

/** Where in history an event is: `sub` counts the events of one revision. */
export type Position = { readonly revision: number; readonly sub: number };

/** One version of a key. `value` is null while it is only in history, at (`modRevision`, `sub`). */
export type Version = {
  readonly key: Buffer;
  readonly value: Buffer | null;
  readonly valueBytes: number;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly sub: number;
  readonly version: number;
  readonly lease: LeaseId;
};

/** What one command did to one key. `previous` is the version that it replaced. */
export type StoredEvent = {
  readonly kind: 'Put' | 'Delete';
  readonly item: KeyValue;
  readonly sub: number;
  readonly previous: Position | null;
};

const HAS_LEASE = 1;
const IS_INLINE = 2;
const IS_DELETE = 4;
const HAS_PREVIOUS = 8;

const EMPTY = Buffer.alloc(0);

export function encodeCurrent(version: Version): Buffer {
  const { value, lease } = version;
  invariant(value !== null, 'a current row is written from a version whose value is at hand');
  const isInline = value.length <= MAX_INLINE_VALUE_BYTES;
  const writer = new ByteWriter(40 + (isInline ? value.length : 0));
  writer.u8((lease === 0n ? 0 : HAS_LEASE) | (isInline ? IS_INLINE : 0));
  writer.varint(version.modRevision);
  writer.varint(version.sub);
  writer.varint(version.createRevision);
  writer.varint(version.version);
  if (lease !== 0n) writer.u64(lease);
  if (isInline) writer.raw(value);
  else writer.varint(value.length);
  return writer.finish();
}

export function decodeCurrent(key: Buffer, row: Buffer): Version {
  const reader = new ByteReader(row);
  const flags = reader.u8();
  const modRevision = reader.varint();
  const sub = reader.varint();
  const createRevision = reader.varint();
  const version = reader.varint();
  const lease = (flags & HAS_LEASE) === 0 ? 0n : reader.u64();
  const value = (flags & IS_INLINE) === 0 ? null : reader.rest();
  const valueBytes = value === null ? reader.varint() : value.length;
  return { key, value, valueBytes, createRevision, modRevision, sub, version, lease };
}

export function encodeEvent(event: StoredEvent): Buffer {
  const { item, previous } = event;
  const writer = new ByteWriter(64 + item.key.length + item.value.length);
  const flags =
    (item.lease === 0n ? 0 : HAS_LEASE) |
    (event.kind === 'Delete' ? IS_DELETE : 0) |
    (previous === null ? 0 : HAS_PREVIOUS);
  writer.u8(flags);
  writer.bytes(item.key);
  writer.varint(item.createRevision);
  writer.varint(item.version);
  if (item.lease !== 0n) writer.u64(item.lease);
  if (previous !== null) {
    writer.varint(previous.revision);
    writer.varint(previous.sub);
  }
  writer.raw(item.value);
  return writer.finish();
}

export function decodeEvent(position: Position, row: Buffer): StoredEvent {
  const reader = new ByteReader(row);
  const flags = reader.u8();
  const key = reader.bytes();
  const createRevision = reader.varint();
  const version = reader.varint();
  const lease = (flags & HAS_LEASE) === 0 ? 0n : reader.u64();
  const previous = (flags & HAS_PREVIOUS) === 0 ? null : { revision: reader.varint(), sub: reader.varint() };
  return {
    kind: (flags & IS_DELETE) === 0 ? 'Put' : 'Delete',
    item: { key, value: reader.rest(), createRevision, modRevision: position.revision, version, lease },
    sub: position.sub,
    previous,
  };
}

export function encodeIndex(event: Pick<StoredEvent, 'kind' | 'sub'>): Buffer {
  const writer = new ByteWriter(8);
  writer.u8(event.kind === 'Delete' ? IS_DELETE : 0);
  writer.varint(event.sub);
  return writer.finish();
}

export function decodeIndex(row: Buffer): { isDelete: boolean; sub: number } {
  const reader = new ByteReader(row);
  return { isDelete: (reader.u8() & IS_DELETE) !== 0, sub: reader.varint() };
}

export function encodeLease(lease: Lease): Buffer {
  const writer = new ByteWriter(24);
  writer.varint(lease.ttlSeconds);
  writer.varint(lease.remainingSeconds);
  writer.varint(lease.epoch);
  return writer.finish();
}

export function decodeLease(id: LeaseId, row: Buffer): Lease {
  const reader = new ByteReader(row);
  return { id, ttlSeconds: reader.varint(), remainingSeconds: reader.varint(), epoch: reader.varint() };
}

/** @param value null gives an empty one: of a read that wants keys only */
export function toKeyValue(version: Version, value: Buffer | null): KeyValue {
  return {
    key: version.key,
    value: value ?? EMPTY,
    createRevision: version.createRevision,
    modRevision: version.modRevision,
    version: version.version,
    lease: version.lease,
  };
}

export function toVersion(event: StoredEvent): Version {
  return { ...event.item, valueBytes: event.item.value.length, sub: event.sub };
}

export function putEvent(version: Version, value: Buffer, previous: Version | null): StoredEvent {
  return {
    kind: 'Put',
    item: toKeyValue(version, value),
    sub: version.sub,
    previous: previous === null ? null : { revision: previous.modRevision, sub: previous.sub },
  };
}

export function deleteEvent(previous: Version, revision: number, sub: number): StoredEvent {
  const { key, modRevision } = previous;
  return {
    kind: 'Delete',
    item: { key, value: EMPTY, createRevision: 0, modRevision: revision, version: 0, lease: 0n },
    sub,
    previous: { revision: modRevision, sub: previous.sub },
  };
}
