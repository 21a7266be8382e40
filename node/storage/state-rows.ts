/** The rows that a new state begins with: those of another state, or of a backup. */
import type { EngineSnapshot, Row } from '../store/engine.ts';
import { keyAfter } from '../store/key-range.ts';
import type { Disk } from './disk.ts';
import { readSnapshotFile } from './snapshot-file.ts';
import { ALL_ROWS } from './snapshot-source.ts';

/** Page by page, in order of key. */
export type RowPages = Iterable<readonly Row[]> | AsyncIterable<readonly Row[]>;

const PAGE_ROWS = 4096;
const PAGE_BYTES = 1024 * 1024;

export async function* rowsOf(snapshot: EngineSnapshot): AsyncIterable<readonly Row[]> {
  let from = ALL_ROWS.from;
  for (;;) {
    const page = await snapshot.scan({ from, to: ALL_ROWS.to }, { limit: PAGE_ROWS, maxBytes: PAGE_BYTES });
    if (page.length === 0) return;
    yield page;
    from = keyAfter(page.at(-1)!.key);
  }
}

export async function* rowsOfSnapshotFile(disk: Disk, path: string): AsyncIterable<readonly Row[]> {
  for await (const content of readSnapshotFile(disk, path)) if (content.kind === 'Rows') yield content.rows;
}
