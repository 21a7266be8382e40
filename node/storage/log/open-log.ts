/**
 * Reads the log at start. What a crash can leave is taken, and nothing else: consecutive segments that are whole, of
 * which the last one that was written to may end in one torn batch, and after it segments without any batch.
 */
import { DataDamaged, NewerFormat } from '../errors.ts';
import type { RestoredLog } from '../types.ts';
import { LOG_FORMAT } from './batch-codec.ts';
import { Inventory } from './inventory.ts';
import { Replay } from './replay.ts';
import { lastNonZero, type SegmentScan, scanSegment } from './scan-segment.ts';
import { type LogOptions, type OpenSegment, segmentNumber, segmentPath } from './segment-file.ts';
import { batchSeed, decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.ts';
import { SegmentLog } from './segment-log.ts';

export type OpenedLog = { readonly log: SegmentLog; readonly restored: RestoredLog };

/**
 * @throws DataDamaged
 * @throws NewerFormat
 */
export async function openLog(options: LogOptions): Promise<OpenedLog> {
  const { disk, folder } = options;
  const numbers = await listSegments(options);
  const written = numbers.slice(0, await countWritten(options, numbers));
  for (const number of numbers.slice(written.length, -1)) await checkUnwritten(options, number);
  if (written.length === 0 && numbers[0] !== undefined && numbers[0] !== 1) {
    throw new DataDamaged(segmentPath(folder, numbers[0]), 0, 'the oldest segment holds nothing');
  }
  const replay = new Replay();
  const inventory = new Inventory();
  let lastSequence: number | null = (written[0] ?? 1) === 1 ? 0 : null;
  let last: ScannedSegment | null = null;
  for (const number of written) {
    const segment = await scan(options, number, lastSequence, number === written.at(-1));
    if (segment.scan.tornEnd > segment.scan.end) await cleanTornTail(options, segment);
    // Without a batch its first one was torn and has been removed, which can only be in the newest segment.
    if (segment.scan.batches.length === 0) break;
    inventory.begin(number);
    replayAll(segment, replay, inventory);
    lastSequence = segment.scan.lastSequence;
    last = segment;
  }
  const restored = orDamaged(folder, 0, () => replay.finish());
  const active = last === null ? null : await reopen(options, last);
  if (active !== null) await disk.syncFolder(folder);
  await removeSpares(options, numbers, (last?.number ?? 0) + 2);
  const found = { state: replay.state, inventory, lastSequence: lastSequence ?? 0, active };
  return { log: new SegmentLog(options, found), restored };
}

type ScannedSegment = {
  readonly number: number;
  readonly path: string;
  readonly bytes: Buffer;
  readonly seed: number;
  readonly sizeBytes: number;
  readonly scan: SegmentScan;
};

async function listSegments({ disk, folder }: LogOptions): Promise<number[]> {
  let names: string[];
  try {
    names = await disk.list(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const numbers = names.map(segmentNumber).filter((number) => number !== null);
  for (const [at, number] of numbers.entries()) {
    const expected = numbers[0]! + at;
    if (number !== expected) throw new DataDamaged(segmentPath(folder, expected), 0, 'this segment is missing');
  }
  return numbers;
}

/** How many of the segments come up to the newest one that a batch was ever written to, wholly or in part. */
async function countWritten(options: LogOptions, numbers: readonly number[]): Promise<number> {
  for (let count = numbers.length; count > 0; count--) {
    const bytes = await readWhole(options, segmentPath(options.folder, numbers[count - 1]!));
    if (lastNonZero(bytes, SEGMENT_HEADER_BYTES) > SEGMENT_HEADER_BYTES) return count;
  }
  return 0;
}

/** Only the very last segment may be unfinished: each is made ready before the next one is begun. */
async function checkUnwritten(options: LogOptions, number: number): Promise<void> {
  const path = segmentPath(options.folder, number);
  checkHeader(options, path, number, await readWhole(options, path));
}

async function scan(
  options: LogOptions,
  number: number,
  previousSequence: number | null,
  isNewest: boolean,
): Promise<ScannedSegment> {
  const path = segmentPath(options.folder, number);
  const bytes = await readWhole(options, path);
  const { sizeBytes } = checkHeader(options, path, number, bytes);
  const seed = batchSeed(bytes);
  return {
    number,
    path,
    bytes,
    seed,
    sizeBytes,
    scan: scanSegment({ file: path, bytes, seed, previousSequence, isNewest }),
  };
}

function checkHeader({ incarnation }: LogOptions, path: string, number: number, bytes: Buffer): SegmentHeader {
  const header = decodeSegmentHeader(bytes);
  if (header === null) throw new DataDamaged(path, 0, 'the header of the segment is not what was written');
  if (header.format > LOG_FORMAT) throw new NewerFormat(path, header.format, LOG_FORMAT);
  if (header.number !== number) throw new DataDamaged(path, 0, `the file holds segment ${header.number}`);
  if (bytes.length < header.sizeBytes) {
    throw new DataDamaged(path, bytes.length, `the file was ${header.sizeBytes} bytes long, its end is missing`);
  }
  if (header.incarnation !== incarnation) {
    throw new DataDamaged(
      path,
      0,
      `the file belongs to incarnation ${header.incarnation}, the folder to ${incarnation}`,
    );
  }
  return header;
}

function replayAll({ path, scan: { batches } }: ScannedSegment, replay: Replay, inventory: Inventory): void {
  for (const { batch, offset, end } of batches) {
    orDamaged(path, offset, () => replay.add(batch));
    inventory.add(batch, end - offset);
  }
}

/**
 * A crash can leave two segments without a batch: the next one, and the reserve that was being made behind it. Only the
 * next is kept, because making that ready anew may fail and delete it, which must not leave a hole.
 */
async function removeSpares({ disk, folder }: LogOptions, numbers: readonly number[], from: number): Promise<void> {
  for (const number of numbers.filter((found) => found >= from).reverse()) {
    await disk.remove(segmentPath(folder, number));
    await disk.syncFolder(folder);
  }
}

/** Durable before anything is appended: else what is left of the torn batch could show up behind a shorter one. */
async function cleanTornTail({ disk }: LogOptions, { path, scan: { end, tornEnd } }: ScannedSegment): Promise<void> {
  const file = await disk.open(path, 'write');
  try {
    await file.write([Buffer.alloc(tornEnd - end)], end);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * What was read may be in the kernel's memory only, if the process died before its sync; after a sync that failed it
 * would even count as clean. So the last batch, the only one that can be in doubt, is written and synced once more.
 */
async function reopen(
  { disk }: LogOptions,
  { number, path, bytes, seed, sizeBytes, scan }: ScannedSegment,
): Promise<OpenSegment> {
  const last = scan.batches.at(-1)!;
  const file = await disk.open(path, 'write');
  await file.write([bytes.subarray(last.offset, last.end)], last.offset);
  await file.sync();
  return { number, file, seed, sizeBytes, position: scan.end };
}

async function readWhole({ disk }: LogOptions, path: string): Promise<Buffer> {
  const file = await disk.open(path, 'read');
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

function orDamaged<T>(file: string, offset: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new DataDamaged(file, offset, (error as Error).message, { cause: error });
  }
}
