/**
 * Keys of the rows in the engine. The first byte says which table:
 *
 *   a  lease attachments   a lease(8) key                     -> nothing
 *   d  remembered answers  d generation(8) idempotency key    -> fingerprint, answer
 *   h  history             h revision(8) sub(4)               -> the whole event
 *   i  index               i escaped key 00 01 ~revision(8)   -> sub, whether it is a delete
 *   k  current             k key                              -> the newest version, small values inline
 *   l  leases              l lease(8)                         -> lease
 *   m  the store's own     m name                             -> see meta.ts
 *
 * A current read is one get, a range one scan, a watch's catch-up one scan of history, a read of the past one
 * seek in the index and one get.
 */
import type { KeyRange } from './engine.ts';
import type { Keys, LeaseId } from './types.ts';

const ATTACHMENT = 0x61;
const ANSWER = 0x64;
const HISTORY = 0x68;
const INDEX = 0x69;
const CURRENT = 0x6b;
const LEASE = 0x6c;
const META = 0x6d;

const REVISION_BYTES = 8;
const TERMINATOR = Buffer.from([0, 1]);

export function currentKey(key: Uint8Array): Buffer {
  return prefixed(CURRENT, key);
}

/** The user's key of a current row. */
export function keyOfCurrent(rowKey: Buffer): Buffer {
  return rowKey.subarray(1);
}

export function historyKey(revision: number, sub: number): Buffer {
  const row = Buffer.allocUnsafe(1 + REVISION_BYTES + 4);
  row[0] = HISTORY;
  writeRevision(row, revision, 1);
  row.writeUInt32BE(sub, 1 + REVISION_BYTES);
  return row;
}

export function positionOfHistory(rowKey: Buffer): { revision: number; sub: number } {
  return { revision: readRevision(rowKey, 1), sub: rowKey.readUInt32BE(1 + REVISION_BYTES) };
}

/** Newer revisions of a key sort first, so that one seek finds the newest at or below a revision. */
export function indexKey(key: Buffer, revision: number): Buffer {
  const escaped = escapeZeros(key);
  const row = Buffer.allocUnsafe(1 + escaped.length + TERMINATOR.length + REVISION_BYTES);
  row[0] = INDEX;
  row.set(escaped, 1);
  row.set(TERMINATOR, 1 + escaped.length);
  const at = 1 + escaped.length + TERMINATOR.length;
  row.writeUInt32BE(0xffff_ffff - Math.floor(revision / 2 ** 32), at);
  row.writeUInt32BE(0xffff_ffff - (revision % 2 ** 32), at + 4);
  return row;
}

export function revisionOfIndex(rowKey: Buffer): number {
  const at = rowKey.length - REVISION_BYTES;
  return (0xffff_ffff - rowKey.readUInt32BE(at)) * 2 ** 32 + (0xffff_ffff - rowKey.readUInt32BE(at + 4));
}

/** All of an index row's key but its revision: equal for rows of one key. */
export function indexPrefix(rowKey: Buffer): Buffer {
  return rowKey.subarray(0, rowKey.length - REVISION_BYTES);
}

/** The user's key of an index row. */
export function keyOfIndex(rowKey: Buffer): Buffer {
  return unescapeZeros(rowKey.subarray(1, rowKey.length - REVISION_BYTES - TERMINATOR.length));
}

export function leaseKey(id: LeaseId): Buffer {
  const row = Buffer.allocUnsafe(9);
  row[0] = LEASE;
  row.writeBigUInt64BE(id, 1);
  return row;
}

export function leaseOfKey(rowKey: Buffer): LeaseId {
  return rowKey.readBigUInt64BE(1);
}

export function attachmentKey(lease: LeaseId, key: Uint8Array): Buffer {
  const row = Buffer.allocUnsafe(9 + key.length);
  row[0] = ATTACHMENT;
  row.writeBigUInt64BE(lease, 1);
  row.set(key, 9);
  return row;
}

/** The user's key of an attachment row. */
export function keyOfAttachment(rowKey: Buffer): Buffer {
  return rowKey.subarray(9);
}

export function answerKey(generation: number, idempotencyKey: string): Buffer {
  const text = Buffer.from(idempotencyKey);
  const row = Buffer.allocUnsafe(1 + REVISION_BYTES + text.length);
  row[0] = ANSWER;
  writeRevision(row, generation, 1);
  row.set(text, 1 + REVISION_BYTES);
  return row;
}

export function metaKey(name: 'applied' | 'auth' | 'cluster' | 'compaction' | 'corrupt'): Buffer {
  return prefixed(META, Buffer.from(name));
}

/** Rows of all keys that `keys` names, which must be a range. */
export function currentRange(keys: Keys): KeyRange {
  const to = openEnd(keys);
  return { from: currentKey(keys.key), to: to === null ? tableEnd(CURRENT) : currentKey(to) };
}

export function indexRange(keys: Keys): KeyRange {
  if (keys.rangeEnd === null) return indexRangeOfKey(keys.key, Number.MAX_SAFE_INTEGER);
  const to = openEnd(keys);
  return { from: indexBound(keys.key), to: to === null ? tableEnd(INDEX) : indexBound(to) };
}

/** Rows of one key at and below a revision, newest first. */
export function indexRangeOfKey(key: Buffer, revision: number): KeyRange {
  const bound = indexBound(key);
  const end = Buffer.from(bound);
  end[end.length - 1] = end.at(-1)! + 1;
  return { from: indexKey(key, revision), to: end };
}

/** Remembered answers of generations before `generation`. */
export function answersBefore(generation: number): KeyRange {
  return { from: Buffer.from([ANSWER]), to: answerKey(generation, '') };
}

export function attachmentRange(lease: LeaseId): KeyRange {
  return { from: attachmentKey(lease, Buffer.alloc(0)), to: attachmentKey(lease + 1n, Buffer.alloc(0)) };
}

export function leaseTable(): KeyRange {
  return { from: Buffer.from([LEASE]), to: tableEnd(LEASE) };
}

/** Null means that the range has no end. */
function openEnd(keys: Keys): Buffer | null {
  const { rangeEnd } = keys;
  return rangeEnd === null || (rangeEnd.length === 1 && rangeEnd[0] === 0) ? null : rangeEnd;
}

function tableEnd(table: number): Buffer {
  return Buffer.from([table + 1]);
}

function prefixed(table: number, key: Uint8Array): Buffer {
  const row = Buffer.allocUnsafe(1 + key.length);
  row[0] = table;
  row.set(key, 1);
  return row;
}

function indexBound(key: Buffer): Buffer {
  return Buffer.concat([Buffer.from([INDEX]), escapeZeros(key), TERMINATOR]);
}

function writeRevision(row: Buffer, revision: number, at: number): void {
  row.writeUInt32BE(Math.floor(revision / 2 ** 32), at);
  row.writeUInt32BE(revision % 2 ** 32, at + 4);
}

function readRevision(row: Buffer, at: number): number {
  return row.readUInt32BE(at) * 2 ** 32 + row.readUInt32BE(at + 4);
}

/** Zero bytes become 00 ff, so that 00 01 ends a key and keys keep their order whatever follows them. */
function escapeZeros(key: Buffer): Buffer {
  if (!key.includes(0)) return key;
  let zeros = 0;
  for (const byte of key) if (byte === 0) zeros += 1;
  const escaped = Buffer.allocUnsafe(key.length + zeros);
  let at = 0;
  for (const byte of key) {
    escaped[at++] = byte;
    if (byte === 0) escaped[at++] = 0xff;
  }
  return escaped;
}

function unescapeZeros(escaped: Buffer): Buffer {
  let zero = escaped.indexOf(0);
  if (zero === -1) return escaped;
  const parts: Buffer[] = [];
  let start = 0;
  for (; zero !== -1; zero = escaped.indexOf(0, start)) {
    parts.push(escaped.subarray(start, zero + 1));
    start = zero + 2;
  }
  parts.push(escaped.subarray(start));
  return Buffer.concat(parts);
}
