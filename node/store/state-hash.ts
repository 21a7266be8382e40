/** A digest of all keys as they were at a revision: equal on members that hold the same, however far each has compacted. */
import { createHash } from 'node:crypto';
import { ByteWriter } from './byte-writer.ts';
import { loadValues, type RowSource } from './row-source.ts';
import type { Keys } from './types.ts';

const ALL_KEYS: Keys = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) };
/** Each may bring a value of the largest size with it. */
const PAGE_ROWS = 64;

/** SHA-256, hexadecimal. */
export async function hashKeys(source: RowSource): Promise<string> {
  const hash = createHash('sha256');
  for await (const versions of source.pages(ALL_KEYS, { descending: false, pageRows: PAGE_ROWS })) {
    const values = await loadValues(source.reader, versions);
    const writer = new ByteWriter(256 * versions.length + 1);
    versions.forEach((version, n) => {
      writer.bytes(version.key);
      writer.bytes(values[n]!);
      writer.varint(version.createRevision);
      writer.varint(version.modRevision);
      writer.varint(version.version);
      writer.u64(version.lease);
    });
    hash.update(writer.finish());
  }
  return hash.digest('hex');
}
