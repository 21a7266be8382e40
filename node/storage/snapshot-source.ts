/** A snapshot on its way out: the rows of an engine's snapshot as chunks, the same ones each time. */
import type { EngineSnapshot } from '../store/engine.ts';
import { keyAfter } from '../store/key-range.ts';
import { afterChunk, CHAIN_BEGIN, type ChainPosition, encodeHeaderChunk, encodeRowsChunk } from './snapshot-format.ts';
import type { SnapshotHeader, SnapshotSource } from './types.ts';

/** Sum of keys and values after which a chunk ends; one large row makes a larger one. */
const CHUNK_BYTES = 512 * 1024;
const CHUNK_ROWS = 16_384;

/** All rows there are: no table of the store begins with the byte 0xff. */
export const ALL_ROWS: { readonly from: Buffer; readonly to: Buffer } = {
  from: Buffer.alloc(0),
  to: Buffer.from([0xff]),
};

/** Where a chunk begins in the rows, kept so that resuming does not read everything before it again. */
type Start = { readonly at: ChainPosition; readonly from: Buffer };
type ChunkAndNext = { readonly chunk: Buffer; readonly next: Start | null };

export class EngineSnapshotSource implements SnapshotSource {
  readonly id: string;
  readonly header: SnapshotHeader;
  readonly #snapshot: EngineSnapshot;
  readonly #chunkBytes: number;
  /** Where chunk 1, 2, … begin, as far as they were ever made. */
  readonly #starts: Start[] = [];

  constructor(id: string, header: SnapshotHeader, snapshot: EngineSnapshot, chunkBytes: number = CHUNK_BYTES) {
    this.id = id;
    this.header = header;
    this.#snapshot = snapshot;
    this.#chunkBytes = chunkBytes;
  }

  async *chunks(from: number): AsyncIterable<Buffer> {
    const header = encodeHeaderChunk(this.header);
    if (from === 0) yield header;
    if (this.#starts.length === 0) this.#starts.push({ at: afterChunk(header, CHAIN_BEGIN), from: ALL_ROWS.from });
    let start: Start | null = this.#starts[Math.min(Math.max(from, 1), this.#starts.length) - 1]!;
    while (start !== null) {
      const { chunk, next }: ChunkAndNext = await this.#read(start);
      if (start.at.number >= from) yield chunk;
      if (next !== null && next.at.number > this.#starts.length) this.#starts.push(next);
      start = next;
    }
  }

  async #read({ at, from }: Start): Promise<ChunkAndNext> {
    const options = { limit: CHUNK_ROWS, maxBytes: this.#chunkBytes };
    const rows = await this.#snapshot.scan({ from, to: ALL_ROWS.to }, options);
    let bytes = 0;
    for (const { key, value } of rows) bytes += key.length + value.length;
    const isLast = rows.length < CHUNK_ROWS && bytes < this.#chunkBytes;
    const chunk = encodeRowsChunk(rows, isLast, at);
    const next = isLast ? null : { at: afterChunk(chunk, at), from: keyAfter(rows.at(-1)!.key) };
    return { chunk, next };
  }

  close(): Promise<void> {
    return this.#snapshot.close();
  }
}
