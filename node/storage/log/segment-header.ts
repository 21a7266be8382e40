/**
 * The first 64 bytes of a segment, durable before any batch is written to it:
 *
 *   0 magic (8 bytes) · 8 crc32 u32 of everything from 12 on · 12 format u16 · 16 segment number u64 ·
 *   24 incarnation (16 bytes) · 40 bytes of the file when it was made u64 · 48 zeros
 *
 * Its CRC seeds those of the segment's batches: bytes of another log, or a batch that a user has put into a value,
 * are never taken for a batch of this one.
 */
import { crc32 } from 'node:zlib';
import type { Incarnation } from '../types.ts';
import { readUint53, writeUint53 } from './integers.ts';

export const SEGMENT_HEADER_BYTES = 64;

const MAGIC = Buffer.from('QUORLOG\0', 'latin1');
const CRC_OFFSET = 8;
const CHECKED_FROM = 12;

export type SegmentHeader = {
  readonly format: number;
  readonly number: number;
  readonly incarnation: Incarnation;
  /** How long the file was made before anything was written to it: one that is shorter has lost batches. */
  readonly sizeBytes: number;
};

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt16LE(header.format, 12);
  writeUint53(bytes, header.number, 16);
  bytes.write(header.incarnation, 24, 16, 'hex');
  writeUint53(bytes, header.sizeBytes, 40);
  bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED_FROM)), CRC_OFFSET);
  return bytes;
}

/** Null when these bytes are no header. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES) return null;
  const header = bytes.subarray(0, SEGMENT_HEADER_BYTES);
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  if (crc32(header.subarray(CHECKED_FROM)) !== header.readUInt32LE(CRC_OFFSET)) return null;
  return {
    format: header.readUInt16LE(12),
    number: readUint53(header, 16),
    incarnation: header.toString('hex', 24, 40),
    sizeBytes: readUint53(header, 40),
  };
}

/** The seed of the CRCs of the batches in a segment with this header. */
export function batchSeed(header: Buffer): number {
  return header.readUInt32LE(CRC_OFFSET);
}
