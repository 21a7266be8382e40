/**
 * A snapshot as a row of chunks: what travels between members, and one after the other a backup file. Each chunk is
 *
 *   0 magic (4 bytes) · 4 content bytes u32 · 8 number u32 · 12 kind u8 · 13 zeros · 16 SHA-256 · 48 content
 *
 * The hash is over the previous chunk's hash, bytes 4 to 16 and the content: a chain, so that each one vouches for all
 * before it and a transfer resumes at any. Chunk 0 is the header (JSON); the others are rows, each as key bytes u32,
 * value bytes u32, key, value; the last one says that it is the last.
 */
import { createHash } from 'node:crypto';
import type { Row } from '../store/engine.ts';
import { NewerFormat, SnapshotDamaged } from './errors.ts';
import type { SnapshotHeader } from './types.ts';

/** The cluster's, which its content is of: this build reads all through this one. */
export const SNAPSHOT_FORMAT = 3;
export const CHUNK_FRAME_BYTES = 48;
/** What precedes chunk 0 in the chain. */
export const CHAIN_START: Buffer = Buffer.alloc(32);

const MAGIC = Buffer.from('QSNP', 'latin1');
const HASH_OFFSET = 16;
const HEADER = 1;
const ROWS = 2;
const LAST_ROWS = 3;

export type ChunkContent =
  | { readonly kind: 'Header'; readonly header: SnapshotHeader }
  | { readonly kind: 'Rows'; readonly rows: readonly Row[]; readonly isLast: boolean };

/** A place in the chain: which chunk comes next, and the hash of the one before. */
export type ChainPosition = { readonly number: number; readonly hash: Buffer };
export const CHAIN_BEGIN: ChainPosition = { number: 0, hash: CHAIN_START };

export function encodeHeaderChunk(header: SnapshotHeader): Buffer {
  return seal(HEADER, Buffer.from(JSON.stringify(header)), CHAIN_BEGIN);
}

export function encodeRowsChunk(rows: readonly Row[], isLast: boolean, at: ChainPosition): Buffer {
  let bytes = 0;
  for (const { key, value } of rows) bytes += 8 + key.length + value.length;
  const content = Buffer.allocUnsafe(bytes);
  let offset = 0;
  for (const { key, value } of rows) {
    content.writeUInt32LE(key.length, offset);
    content.writeUInt32LE(value.length, offset + 4);
    content.set(key, offset + 8);
    content.set(value, offset + 8 + key.length);
    offset += 8 + key.length + value.length;
  }
  return seal(isLast ? LAST_ROWS : ROWS, content, at);
}

/** Where the chain stands after this chunk. */
export function afterChunk(chunk: Buffer, at: ChainPosition): ChainPosition {
  return { number: at.number + 1, hash: Buffer.from(chunk.subarray(HASH_OFFSET, CHUNK_FRAME_BYTES)) };
}

/** Bytes of the whole chunk that begins with this frame. */
export function chunkBytes(frame: Buffer): number {
  if (frame.length < CHUNK_FRAME_BYTES || frame.compare(MAGIC, 0, 4, 0, 4) !== 0) {
    throw new SnapshotDamaged('these bytes are no chunk of a snapshot');
  }
  return CHUNK_FRAME_BYTES + frame.readUInt32LE(4);
}

/**
 * @throws SnapshotDamaged when it is not exactly the chunk that belongs at this place
 * @throws NewerFormat
 */
export function decodeChunk(bytes: Uint8Array, at: ChainPosition): ChunkContent {
  const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (chunkBytes(chunk) !== chunk.length) throw new SnapshotDamaged(`chunk ${at.number} of the snapshot is cut short`);
  if (!hashOf(chunk, at).equals(chunk.subarray(HASH_OFFSET, CHUNK_FRAME_BYTES))) {
    throw new SnapshotDamaged(`chunk ${at.number} of the snapshot does not match its hash`);
  }
  const kind = chunk[12]!;
  const content = chunk.subarray(CHUNK_FRAME_BYTES);
  if (chunk.readUInt32LE(8) !== at.number || (kind === HEADER) !== (at.number === 0)) {
    throw new SnapshotDamaged(`chunk ${chunk.readUInt32LE(8)} of the snapshot came in place of chunk ${at.number}`);
  }
  if (kind === HEADER) return { kind: 'Header', header: decodeHeader(content) };
  return { kind: 'Rows', rows: decodeRows(content), isLast: kind === LAST_ROWS };
}

function seal(kind: number, content: Buffer, at: ChainPosition): Buffer {
  const chunk = Buffer.alloc(CHUNK_FRAME_BYTES + content.length);
  MAGIC.copy(chunk);
  chunk.writeUInt32LE(content.length, 4);
  chunk.writeUInt32LE(at.number, 8);
  chunk[12] = kind;
  content.copy(chunk, CHUNK_FRAME_BYTES);
  hashOf(chunk, at).copy(chunk, HASH_OFFSET);
  return chunk;
}

function hashOf(chunk: Buffer, at: ChainPosition): Buffer {
  return createHash('sha256')
    .update(at.hash)
    .update(chunk.subarray(4, HASH_OFFSET))
    .update(chunk.subarray(CHUNK_FRAME_BYTES))
    .digest();
}

function decodeHeader(content: Buffer): SnapshotHeader {
  const header = JSON.parse(content.toString()) as SnapshotHeader;
  if (header.format > SNAPSHOT_FORMAT) throw new NewerFormat('the snapshot', header.format, SNAPSHOT_FORMAT);
  return header;
}

function decodeRows(content: Buffer): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < content.length; ) {
    const keyEnd = at + 8 + content.readUInt32LE(at);
    const valueEnd = keyEnd + content.readUInt32LE(at + 4);
    if (valueEnd > content.length) throw new SnapshotDamaged('a row reaches beyond its chunk');
    rows.push({ key: content.subarray(at + 8, keyEnd), value: content.subarray(keyEnd, valueEnd) });
    at = valueEnd;
  }
  return rows;
}
