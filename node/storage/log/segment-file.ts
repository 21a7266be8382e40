/** One segment's file: its name, its making, its handle. */
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from '../disk.ts';
import type { Incarnation } from '../types.ts';
import { LOG_FORMAT } from './batch-codec.ts';
import { batchSeed, encodeSegmentHeader, SEGMENT_HEADER_BYTES } from './segment-header.ts';

export type LogOptions = {
  readonly disk: Disk;
  readonly folder: string;
  readonly incarnation: Incarnation;
  /** A batch that is larger gets a segment of its own. */
  readonly maxSegmentBytes: number;
};

/** A segment that batches go to. */
export type OpenSegment = {
  readonly number: number;
  readonly file: DiskFile;
  readonly seed: number;
  /** A batch that would end behind this goes to the next segment. */
  readonly sizeBytes: number;
  /** Where the next batch goes. */
  position: number;
};

const NAME = /^(\d{10})\.segment$/;

export function segmentName(number: number): string {
  return `${String(number).padStart(10, '0')}.segment`;
}

export function segmentPath(folder: string, number: number): string {
  return join(folder, segmentName(number));
}

/** Null for any other file. */
export function segmentNumber(name: string): number | null {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Makes a segment ready to be written: header and zeros to its full size, durable under its name, so that a batch
 * changes nothing but content and finds its space even when the disk has filled up meanwhile. Goes on with a file
 * that an earlier process has left unwritten.
 */
export async function prepareSegment(options: LogOptions, number: number): Promise<OpenSegment> {
  const { disk, folder, incarnation, maxSegmentBytes } = options;
  const path = segmentPath(folder, number);
  const file = await openOrCreate(disk, path);
  let header: Buffer;
  let sizeBytes: number;
  try {
    const presentBytes = await file.size();
    sizeBytes = Math.max(maxSegmentBytes, presentBytes);
    header = encodeSegmentHeader({ format: LOG_FORMAT, number, incarnation, sizeBytes });
    await file.write([header], 0);
    await fillWithZeros(file, Math.max(SEGMENT_HEADER_BYTES, presentBytes), sizeBytes);
    await file.sync();
    await disk.syncFolder(folder);
  } catch (error) {
    await file.close();
    // Give the bytes back, as the disk may be full. If that fails too, the first error says why.
    await disk.remove(path).catch(() => {});
    throw error;
  }
  return { number, file, seed: batchSeed(header), sizeBytes, position: SEGMENT_HEADER_BYTES };
}

export async function makeLogFolder(disk: Disk, folder: string): Promise<void> {
  await disk.makeFolder(folder);
  await disk.syncFolder(dirname(folder));
}

const ZEROS = Buffer.alloc(1024 * 1024);

/** Synced in steps: the log's own syncs never wait behind a whole segment of zeros. */
async function fillWithZeros(file: DiskFile, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += ZEROS.length) {
    await file.write([ZEROS.subarray(0, Math.min(ZEROS.length, to - at))], at);
    await file.sync();
  }
}

async function openOrCreate(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.open(path, 'create');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return disk.open(path, 'write');
  }
}
