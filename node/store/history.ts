/** Events of the past in slices, and the values that they replaced. */
import type { EngineReader } from './engine.ts';
import { historyKey, positionOfHistory } from './row-keys.ts';
import { decodeEvent, type Position, type StoredEvent } from './row-values.ts';
import type { KeyValue } from './types.ts';

const SLICE_ROWS = 1000;
const SLICE_BYTES = 1 << 20;

export class History {
  readonly #reader: EngineReader;

  constructor(reader: EngineReader) {
    this.#reader = reader;
  }

  /** Some events from `first` on, in order and not beyond revision `last`; none when there are no more. */
  async slice(first: Position, last: number): Promise<StoredEvent[]> {
    const range = { from: historyKey(first.revision, first.sub), to: historyKey(last + 1, 0) };
    const rows = await this.#reader.scan(range, { limit: SLICE_ROWS, maxBytes: SLICE_BYTES });
    return rows.map(({ key, value }) => decodeEvent(positionOfHistory(key), value));
  }

  /** Versions as they were put, null for each that is compacted. */
  async items(positions: readonly Position[]): Promise<(KeyValue | null)[]> {
    const rows = await this.#reader.getMany(positions.map(({ revision, sub }) => historyKey(revision, sub)));
    return rows.map((row, n) => (row === null ? null : decodeEvent(positions[n]!, row).item));
  }
}
