/** Ids that are made from what they stand for, so that deciding twice makes the same. */
import { createHash } from 'node:crypto';

/** 16 hexadecimal digits, as a cluster id is. */
export function digest(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
