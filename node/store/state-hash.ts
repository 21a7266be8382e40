/**
 * A digest of all keys as they were at a revision: equal on members that hold the same, however far each has compacted.
 *
 * It is the sum of the digests of the single keys, so they may come in any order: from the rows that reads are answered from,
 * and for keys that were changed since, from the events that replaced what was there. One pass over each, in small steps.
 */
import { hash } from 'node:crypto';
import { ByteWriter } from './byte-writer.ts';
import type { EngineReader } from './engine.ts';
import { invariant } from './errors.ts';
import { History } from './history.ts';
import { CurrentSource, loadValues } from './row-source.ts';
import type { Position, Version } from './row-values.ts';
import type { Keys, KeyValue } from './types.ts';

const ALL_KEYS: Keys = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) };
const PAGE_ROWS = 64;
/** The size of values that are fetched at once; the last of them may go beyond it. */
const STEP_BYTES = 1 << 20;
/** How large a value in history is shows when it is there: each may be of the largest size. */
const HISTORY_READS = 16;

/**
 * SHA-256s added up, hexadecimal.
 *
 * @param reader a view that does not move
 * @param revision at which, not above that of the store
 */
export async function hashKeys(reader: EngineReader, revision: number): Promise<string> {
  const sum = new Uint32Array(8);
  const current = new CurrentSource(reader, 0, []);
  for await (const page of current.pages(ALL_KEYS, { descending: false, pageRows: PAGE_ROWS })) {
    for (const step of stepsOf(page.filter(({ modRevision }) => modRevision <= revision))) {
      const values = await loadValues(reader, step);
      for (const [n, version] of step.entries()) add(sum, version, values[n]!);
    }
  }
  const history = new History(reader);
  for await (const positions of replacedSince(history, revision)) {
    for (let start = 0; start < positions.length; start += HISTORY_READS) {
      for (const item of await history.items(positions.slice(start, start + HISTORY_READS))) {
        invariant(item !== null, `a version that was there at revision ${revision} is not in history`);
        add(sum, item, item.value);
      }
    }
  }
  return [...sum].map((part) => part.toString(16).padStart(8, '0')).join('');
}

/** Where the versions are that were current at `revision` and are not any more. */
async function* replacedSince(history: History, revision: number): AsyncGenerator<Position[]> {
  let next: Position = { revision: revision + 1, sub: 0 };
  for (;;) {
    const events = await history.slice(next, Number.MAX_SAFE_INTEGER - 1);
    const last = events.at(-1);
    if (last === undefined) return;
    // When a key has several events, only the first replaces what was there then.
    yield events.flatMap(({ previous }) => (previous !== null && previous.revision <= revision ? [previous] : []));
    next = { revision: last.item.modRevision, sub: last.sub + 1 };
  }
}

function* stepsOf(versions: readonly Version[]): Iterable<Version[]> {
  let step: Version[] = [];
  let bytes = 0;
  for (const version of versions) {
    if (step.length > 0 && bytes + version.valueBytes > STEP_BYTES) {
      yield step;
      step = [];
      bytes = 0;
    }
    step.push(version);
    bytes += version.valueBytes;
  }
  if (step.length > 0) yield step;
}

function add(sum: Uint32Array, item: Omit<KeyValue, 'value'>, value: Buffer): void {
  const writer = new ByteWriter(48 + item.key.length + value.length);
  writer.bytes(item.key);
  writer.bytes(value);
  writer.varint(item.createRevision);
  writer.varint(item.modRevision);
  writer.varint(item.version);
  writer.u64(item.lease);
  const digest = hash('sha256', writer.finish(), 'buffer');
  for (let part = 0; part < sum.length; part += 1) sum[part]! += digest.readUInt32BE(4 * part);
}
