/** A snapshot in a file: the chunks of a `SnapshotSource` one after the other, and then nothing but a trailer, if it has one. */
import type { Disk } from './disk.ts';
import { SnapshotDamaged } from './errors.ts';
import {
  afterChunk,
  CHAIN_BEGIN,
  CHUNK_FRAME_BYTES,
  type ChunkContent,
  chunkBytes,
  decodeChunk,
} from './snapshot-format.ts';
import { MAX_TRAILER_BYTES, SnapshotTrailer } from './snapshot-trailer.ts';
import type { SnapshotHeader } from './types.ts';

export type SnapshotSummary = {
  readonly header: SnapshotHeader;
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** The hash, in hexadecimal, of the last chunk, which stands for all. */
  readonly hash: string;
};

/**
 * Verifies as it reads; all of it is good once the iteration has ended.
 *
 * @throws SnapshotDamaged
 * @throws NewerFormat
 */
export async function* readSnapshotFile(disk: Disk, path: string): AsyncGenerator<ChunkContent, SnapshotSummary> {
  const file = await disk.open(path, 'read');
  try {
    const sizeBytes = await file.size();
    let at = CHAIN_BEGIN;
    let header: SnapshotHeader | null = null;
    let rowCount = 0;
    let isComplete = false;
    const trailer = new SnapshotTrailer();
    for (let position = 0; position < sizeBytes; ) {
      if (isComplete) {
        const rest = sizeBytes - position;
        const isTrailer =
          rest <= MAX_TRAILER_BYTES && Buffer.from(await file.read(position, rest)).equals(trailer.finish());
        if (isTrailer) break;
        throw new SnapshotDamaged('it goes on after the last chunk of the snapshot');
      }
      const length = chunkBytes(await file.read(position, CHUNK_FRAME_BYTES));
      if (position + length > sizeBytes) throw new SnapshotDamaged(`it ends within chunk ${at.number}`);
      const chunk = await file.read(position, length);
      const content = decodeChunk(chunk, at);
      trailer.add(chunk);
      if (content.kind === 'Header') header = content.header;
      else {
        rowCount += content.rows.length;
        isComplete = content.isLast;
      }
      yield content;
      at = afterChunk(chunk, at);
      position += length;
    }
    if (header === null || !isComplete) throw new SnapshotDamaged('it ends before the last chunk of the snapshot');
    return { header, rowCount, sizeBytes, hash: at.hash.toString('hex') };
  } catch (error) {
    if (!(error instanceof SnapshotDamaged)) throw error;
    throw new SnapshotDamaged(`${path} is no whole snapshot: ${error.message}`, { cause: error });
  } finally {
    await file.close();
  }
}

/**
 * Reads and verifies all of it.
 *
 * @throws SnapshotDamaged
 * @throws NewerFormat
 */
export async function verifySnapshotFile(disk: Disk, path: string): Promise<SnapshotSummary> {
  const chunks = readSnapshotFile(disk, path);
  for (;;) {
    const next = await chunks.next();
    if (next.done) return next.value;
  }
}
