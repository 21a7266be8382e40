/**
 * Reads of one key at the newest revision: all that arrive while the engine is busy with earlier ones go to it in
 * one trip. The store's own row comes with them, so that the revision told is that of the moment that was read.
 */
import type { EngineReader } from './engine.ts';
import { type Applied, appliedRowKey, decodeApplied } from './meta.ts';
import { pointResult } from './range-read.ts';
import { currentKey, historyKey } from './row-keys.ts';
import { decodeCurrent, decodeEvent, type Version } from './row-values.ts';
import type { Range, RangeResult } from './types.ts';

type Waiting = {
  readonly range: Range;
  readonly resolve: (result: RangeResult | Promise<RangeResult>) => void;
  readonly reject: (error: unknown) => void;
};

export type PointReadHooks = {
  /** Reads by itself what one trip for many cannot answer. */
  readAlone(range: Range): Promise<RangeResult>;
  /** A version as it was when exactly the entries through `index` were applied. */
  found(key: Buffer, version: Version | null, index: number): void;
};

/** Two, so that a trip that waits for the disk does not hold up those that do not. */
const MAX_TRIPS = 2;
const MAX_KEYS_PER_TRIP = 256;

export class PointReads {
  readonly #reader: EngineReader;
  readonly #hooks: PointReadHooks;
  #waiting: Waiting[] = [];
  #trips = 0;
  #isScheduled = false;

  constructor(reader: EngineReader, hooks: PointReadHooks) {
    this.#reader = reader;
    this.#hooks = hooks;
  }

  read(range: Range): Promise<RangeResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ range, resolve, reject });
      if (this.#isScheduled || this.#trips >= MAX_TRIPS) return;
      this.#isScheduled = true;
      // In a microtask, since all reads that one confirmation round releases arrive in the same turn.
      queueMicrotask(() => {
        this.#isScheduled = false;
        this.#start();
      });
    });
  }

  #start(): void {
    while (this.#waiting.length > 0 && this.#trips < MAX_TRIPS) {
      const batch =
        this.#waiting.length <= MAX_KEYS_PER_TRIP ? this.#waiting : this.#waiting.slice(0, MAX_KEYS_PER_TRIP);
      this.#waiting = this.#waiting.length <= MAX_KEYS_PER_TRIP ? [] : this.#waiting.slice(MAX_KEYS_PER_TRIP);
      this.#trips += 1;
      this.#trip(batch)
        .catch((error) => {
          for (const { reject } of batch) reject(error);
        })
        .finally(() => {
          this.#trips -= 1;
          this.#start();
        });
    }
  }

  async #trip(batch: readonly Waiting[]): Promise<void> {
    const rowKeys = batch.map(({ range }) => currentKey(range.key));
    rowKeys.push(appliedRowKey);
    const rows = await this.#reader.getMany(rowKeys);
    const applied = decodeApplied(rows[batch.length]!);
    const elsewhere: { readonly waiting: Waiting; readonly version: Version }[] = [];
    for (let n = 0; n < batch.length; n += 1) {
      const waiting = batch[n]!;
      const { range } = waiting;
      const row = rows[n]!;
      const version = row === null ? null : decodeCurrent(range.key, row);
      this.#hooks.found(range.key, version, applied.index);
      if (version?.value === null && !range.keysOnly && !range.countOnly) elsewhere.push({ waiting, version });
      else waiting.resolve(pointResult(range, version, applied.revision));
    }
    if (elsewhere.length > 0) await this.#readFromHistory(elsewhere, applied);
  }

  async #readFromHistory(
    reads: readonly { readonly waiting: Waiting; readonly version: Version }[],
    applied: Applied,
  ): Promise<void> {
    const rows = await this.#reader.getMany(reads.map(({ version }) => historyKey(version.modRevision, version.sub)));
    reads.forEach(({ waiting, version }, n) => {
      const row = rows[n];
      if (row) {
        const { value } = decodeEvent({ revision: version.modRevision, sub: version.sub }, row).item;
        waiting.resolve(pointResult(waiting.range, { ...version, value }, applied.revision));
      } else {
        // The version was replaced and compacted between the two trips: read anew.
        waiting.resolve(this.#hooks.readAlone(waiting.range));
      }
    });
  }
}
