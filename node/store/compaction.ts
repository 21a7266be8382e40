/**
 * Clears away history that no read at the compacted revision or later needs. Every event tells where the version is
 * that it replaced, so one pass over the events between two compactions finds all of it, without looking anything up.
 *
 * What stays: the version that is current at the compacted revision of every key, everything later, and all events
 * of the compacted revision itself, deletes too, for watches that start there (etcd issues 18089, 19179). Deletes
 * at that revision go with the next compaction, which is why a pass begins where the last one ended.
 */
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Engine, EngineOperation, EngineReader, Row } from './engine.ts';
import type { Exclusive } from './exclusive.ts';
import { historyKey, indexKey, metaKey, positionOfHistory } from './row-keys.ts';
import { decodeEvent, type Position } from './row-values.ts';

/** How far this member has come, in a row of its own. The target stays through a pass, restarts included. */
export type CompactionProgress = { readonly target: number; readonly next: Position; readonly isDone: boolean };

const ROW = metaKey('compaction');
const PAGE_BYTES = 4 << 20;
const NOTHING_YET: CompactionProgress = { target: 0, next: { revision: 0, sub: 0 }, isDone: true };

export class Compaction {
  readonly #engine: Engine;
  readonly #reader: EngineReader;
  readonly #writes: Exclusive;
  #progress: CompactionProgress;

  /** @param reader sees everything that is applied, also what the engine does not have yet */
  constructor(engine: Engine, reader: EngineReader, writes: Exclusive, progress: CompactionProgress) {
    this.#engine = engine;
    this.#reader = reader;
    this.#writes = writes;
    this.#progress = progress;
  }

  /** Looks at up to `maxRows` events. True when there is more to do. Called one at a time. */
  async step(compactedRevision: number, maxRows: number): Promise<boolean> {
    let progress = this.#progress;
    if (progress.isDone) {
      if (compactedRevision <= progress.target) return false;
      progress = { target: compactedRevision, next: progress.next, isDone: false };
    }
    const { target, next } = progress;
    const range = { from: historyKey(next.revision, next.sub), to: historyKey(target + 1, 0) };
    const rows = await this.#reader.scan(range, { limit: maxRows, maxBytes: PAGE_BYTES });
    const last = rows.at(-1);
    if (last === undefined) progress = { target, next: { revision: target, sub: 0 }, isDone: true };
    else progress = { target, next: after(positionOfHistory(last.key)), isDone: false };
    const operations = removals(rows, target);
    operations.push({ kind: 'Put', key: ROW, value: encodeProgress(progress) });
    await this.#writes.run(() => this.#engine.write(operations));
    this.#progress = progress;
    return !progress.isDone || compactedRevision > target;
  }
}

export async function readCompactionProgress(reader: EngineReader): Promise<CompactionProgress> {
  const row = await reader.get(ROW);
  if (row === null) return NOTHING_YET;
  const fields = new ByteReader(row);
  const isDone = fields.u8() === 1;
  return { target: fields.varint(), next: { revision: fields.varint(), sub: fields.varint() }, isDone };
}

function encodeProgress({ target, next, isDone }: CompactionProgress): Buffer {
  const writer = new ByteWriter(32);
  writer.u8(isDone ? 1 : 0);
  writer.varint(target);
  writer.varint(next.revision);
  writer.varint(next.sub);
  return writer.finish();
}

function removals(rows: readonly Row[], target: number): EngineOperation[] {
  const operations: EngineOperation[] = [];
  for (const row of rows) {
    const position = positionOfHistory(row.key);
    const { kind, item, previous } = decodeEvent(position, row.value);
    if (previous !== null) remove(operations, item.key, previous);
    if (kind === 'Delete' && position.revision < target) remove(operations, item.key, position);
  }
  return operations;
}

function remove(operations: EngineOperation[], key: Buffer, { revision, sub }: Position): void {
  operations.push({ kind: 'Delete', key: historyKey(revision, sub) }, { kind: 'Delete', key: indexKey(key, revision) });
}

function after({ revision, sub }: Position): Position {
  return { revision, sub: sub + 1 };
}
