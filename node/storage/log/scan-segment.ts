/**
 * Reads the batches of one segment and decides how it ends. Torn is not damaged: what was never acknowledged may be
 * cut, and only the very last write can be that. Cutting at the first bad checksum instead would silently drop
 * acknowledged entries.
 */
import { DataDamaged, NewerFormat } from '../errors.ts';
import { type Batch, findFrameAfter, LOG_FORMAT, readBatch, readFrame } from './batch-codec.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

export type SegmentScan = {
  readonly batches: readonly { readonly batch: Batch; readonly offset: number; readonly end: number }[];
  /** Sequence of the last batch, or the one before the first when there is none. */
  readonly lastSequence: number;
  /** Where the next batch goes. */
  readonly end: number;
  /** Bytes of a torn write are in [end, tornEnd): to be zeroed, durably, before anything is appended. */
  readonly tornEnd: number;
};

export type SegmentToScan = {
  /** Named in errors. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly seed: number;
  /** Before the first batch here; null for the oldest segment there is, which may begin with any. */
  readonly previousSequence: number | null;
  /** No later segment has been written to: only here can a write be torn. */
  readonly isNewest: boolean;
};

/**
 * @throws DataDamaged unless all is whole up to zeros, or up to a last batch that is torn
 * @throws NewerFormat
 */
export function scanSegment({ file, bytes, seed, previousSequence, isNewest }: SegmentToScan): SegmentScan {
  const batches: SegmentScan['batches'][number][] = [];
  let lastSequence = previousSequence;
  let end = SEGMENT_HEADER_BYTES;
  for (let frame = readFrame(bytes, end, seed); frame !== null; frame = readFrame(bytes, end, seed)) {
    if (frame.format > LOG_FORMAT) throw new NewerFormat(file, frame.format, LOG_FORMAT);
    if (lastSequence !== null && frame.sequence !== lastSequence + 1) {
      throw new DataDamaged(file, end, `batch ${frame.sequence} follows batch ${lastSequence}`);
    }
    batches.push({ batch: decode(file, bytes, frame), offset: frame.offset, end: frame.end });
    lastSequence = frame.sequence;
    end = frame.end;
  }
  const tornEnd = lastNonZero(bytes, end);
  if (tornEnd > end) {
    if (!isNewest) throw new DataDamaged(file, end, 'a batch is not what was written, and later segments follow it');
    const next = (lastSequence ?? 0) + 1;
    const later = findFrameAfter(bytes, end, seed, next);
    if (later !== null) {
      throw new DataDamaged(file, end, `batch ${next} is not what was written, and batch ${later.sequence} follows it`);
    }
  }
  if (lastSequence === null) throw new DataDamaged(file, end, 'the oldest segment has no whole batch to begin with');
  return { batches, lastSequence, end, tornEnd };
}

const ZEROS = Buffer.alloc(64 * 1024);

/** The end of the last byte from `from` on that is not zero, or `from`. */
export function lastNonZero(bytes: Buffer, from: number): number {
  let end = bytes.length;
  while (end > from) {
    const start = Math.max(from, end - ZEROS.length);
    if (bytes.compare(ZEROS, 0, end - start, start, end) !== 0) break;
    end = start;
  }
  while (end > from && bytes[end - 1] === 0) end--;
  return end;
}

function decode(file: string, bytes: Buffer, frame: Parameters<typeof readBatch>[1]): Batch {
  try {
    return readBatch(bytes, frame);
  } catch (error) {
    throw new DataDamaged(file, frame.offset, 'a batch cannot be decoded', { cause: error });
  }
}
