/**
 * One batch of the log as bytes. All of it is under one CRC, so that it is there wholly or not at all:
 *
 *   0 magic u32 · 4 crc32 u32 of everything from 8 on, seeded by the segment · 8 payload bytes u32 · 12 format u16 ·
 *   14 flags u16 · 16 sequence u64 · 24 entries u32 · 28 zero u32 · 32 payload
 *
 * The payload: kept (index, term, last index u64), hard state (term, vote, commit u64), configuration (bytes u32, JSON), each
 * if its flag is set; then the first entry's index u64 and each entry as term u64, kind u8, bytes u32, data.
 * The 32 bytes of the frame stay the same in every format: a later one is then told from damage.
 */
import { crc32 } from 'node:zlib';
import type { Entry, EntryKind, HardState } from '../../raft/types.ts';
import type { DurableConfiguration, LogPosition } from '../types.ts';
import { readUint53, UINT53_BYTES, writeUint53 } from './integers.ts';

export const LOG_FORMAT = 1;

/** What one durable write of the log says. */
export type Batch = {
  /**
   * Of all that was written before, only entries after `base` and through `lastIndex` still count. Set by a cut, by
   * a restart after a snapshot, and in the first batch of each segment, so that earlier segments can be deleted.
   */
  readonly kept: { readonly base: LogPosition; readonly lastIndex: number } | null;
  readonly hardState: HardState | null;
  readonly configuration: DurableConfiguration | null;
  readonly entries: readonly Entry[];
};

export type Frame = {
  readonly offset: number;
  /** Where this batch ends and the next one begins. */
  readonly end: number;
  readonly sequence: number;
  readonly format: number;
};

const MAGIC = Buffer.from('QBAT', 'latin1');
const FRAME_BYTES = 32;
const CRC_OFFSET = 4;
const CHECKED_FROM = 8;
const ENTRY_BYTES = UINT53_BYTES + 1 + 4;

const HAS_KEPT = 1;
const HAS_HARD_STATE = 2;
const HAS_CONFIGURATION = 4;

/** The configuration's JSON is made once, for measuring and for writing. */
export type MeasuredBatch = { readonly batch: Batch; readonly configuration: Buffer | null; readonly bytes: number };

export function measureBatch(batch: Batch): MeasuredBatch {
  const configuration = batch.configuration === null ? null : Buffer.from(JSON.stringify(batch.configuration));
  let bytes = FRAME_BYTES;
  if (batch.kept !== null) bytes += 3 * UINT53_BYTES;
  if (batch.hardState !== null) bytes += 3 * UINT53_BYTES;
  if (configuration !== null) bytes += 4 + configuration.length;
  if (batch.entries.length > 0) bytes += UINT53_BYTES;
  for (const entry of batch.entries) bytes += ENTRY_BYTES + entry.data.length;
  return { batch, configuration, bytes };
}

/** Writes `bytes` bytes at the start of `target`. */
export function writeBatch(target: Buffer, measured: MeasuredBatch, sequence: number, seed: number): void {
  const { batch, configuration, bytes } = measured;
  const { kept, hardState, entries } = batch;
  MAGIC.copy(target, 0);
  target.writeUInt32LE(bytes - FRAME_BYTES, 8);
  target.writeUInt16LE(LOG_FORMAT, 12);
  target.writeUInt16LE(flagsOf(batch), 14);
  writeUint53(target, sequence, 16);
  target.writeUInt32LE(entries.length, 24);
  target.writeUInt32LE(0, 28);
  let at = FRAME_BYTES;
  const put = (value: number): void => {
    writeUint53(target, value, at);
    at += UINT53_BYTES;
  };
  if (kept !== null) {
    put(kept.base.index);
    put(kept.base.term);
    put(kept.lastIndex);
  }
  if (hardState !== null) {
    put(hardState.term);
    put(hardState.vote);
    put(hardState.commit);
  }
  if (configuration !== null) {
    target.writeUInt32LE(configuration.length, at);
    target.set(configuration, at + 4);
    at += 4 + configuration.length;
  }
  const first = entries[0]?.index ?? 0;
  if (entries.length > 0) put(first);
  for (let i = 0; i < entries.length; i++) {
    const { index, term, kind, data } = entries[i]!;
    if (index !== first + i) throw new Error(`entry ${index} cannot follow entry ${first + i - 1} in a batch`);
    writeUint53(target, term, at);
    target[at + 8] = kind;
    target.writeUInt32LE(data.length, at + 9);
    target.set(data, at + ENTRY_BYTES);
    at += ENTRY_BYTES + data.length;
  }
  target.writeUInt32LE(crc32(target.subarray(CHECKED_FROM, bytes), seed), CRC_OFFSET);
}

/** The frame at `offset` if all of it is there and its CRC is right, whatever its format. */
export function readFrame(source: Buffer, offset: number, seed: number): Frame | null {
  if (offset + FRAME_BYTES > source.length) return null;
  if (source.compare(MAGIC, 0, MAGIC.length, offset, offset + MAGIC.length) !== 0) return null;
  const end = offset + FRAME_BYTES + source.readUInt32LE(offset + 8);
  if (end > source.length) return null;
  const crc = crc32(source.subarray(offset + CHECKED_FROM, end), seed);
  if (crc !== source.readUInt32LE(offset + CRC_OFFSET)) return null;
  return { offset, end, sequence: readUint53(source, offset + 16), format: source.readUInt16LE(offset + 12) };
}

/** The first whole frame after `offset`, wherever it begins, that is newer than `sequence`. */
export function findFrameAfter(source: Buffer, offset: number, seed: number, sequence: number): Frame | null {
  for (let at = source.indexOf(MAGIC, offset); at !== -1; at = source.indexOf(MAGIC, at + 1)) {
    const frame = readFrame(source, at, seed);
    if (frame !== null && frame.sequence > sequence) return frame;
  }
  return null;
}

/**
 * What a frame of this format says. Entries lie in one copy, so that they do not hold the whole segment in memory.
 *
 * @throws RangeError when the payload is not as the format has it, which a right CRC leaves to errors in our own code
 */
export function readBatch(source: Buffer, frame: Frame): Batch {
  const bytes = Buffer.from(source.subarray(frame.offset, frame.end));
  const flags = bytes.readUInt16LE(14);
  const count = bytes.readUInt32LE(24);
  let at = FRAME_BYTES;
  const take = (): number => {
    const value = readUint53(bytes, at);
    at += UINT53_BYTES;
    return value;
  };
  const kept = flags & HAS_KEPT ? { base: { index: take(), term: take() }, lastIndex: take() } : null;
  const hardState = flags & HAS_HARD_STATE ? { term: take(), vote: take(), commit: take() } : null;
  let configuration: DurableConfiguration | null = null;
  if (flags & HAS_CONFIGURATION) {
    const end = at + 4 + bytes.readUInt32LE(at);
    configuration = JSON.parse(bytes.toString('utf8', at + 4, end)) as DurableConfiguration;
    at = end;
  }
  const entries: Entry[] = [];
  const first = count > 0 ? take() : 0;
  for (let i = 0; i < count; i++) {
    const end = at + ENTRY_BYTES + bytes.readUInt32LE(at + 9);
    if (end > bytes.length) throw new RangeError('an entry reaches beyond its batch');
    entries.push({
      index: first + i,
      term: readUint53(bytes, at),
      kind: bytes[at + 8] as EntryKind,
      data: bytes.subarray(at + ENTRY_BYTES, end),
    });
    at = end;
  }
  if (at !== bytes.length) throw new RangeError('bytes are left over in a batch');
  return { kept, hardState, configuration, entries };
}

function flagsOf(batch: Batch): number {
  return (
    (batch.kept === null ? 0 : HAS_KEPT) |
    (batch.hardState === null ? 0 : HAS_HARD_STATE) |
    (batch.configuration === null ? 0 : HAS_CONFIGURATION)
  );
}
