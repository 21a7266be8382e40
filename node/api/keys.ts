/** From what a request names (a key, a prefix, a range) to the store's half-open ranges of keys. */
import type { Keys } from '../store/types.ts';
import { invalid } from './errors.ts';
import type { Query } from './query.ts';

const zeroByte = Buffer.from([0]);

/** All keys there can be: the empty key does not exist. */
export const allKeys: Keys = { key: zeroByte, rangeEnd: zeroByte };

export function oneKey(key: Buffer): Keys {
  if (key.length === 0) throw invalid('the key is empty; a key has at least one byte');
  return { key, rangeEnd: null };
}

export function keysWithPrefix(prefix: Buffer): Keys {
  if (prefix.length === 0) return allKeys;
  return { key: prefix, rangeEnd: endOfPrefix(prefix) };
}

export const keysParameters: readonly string[] = ['key', 'prefix', 'from', 'to'].flatMap((name) => [
  name,
  `${name}_base64`,
]);

/**
 * `key` for one; `prefix`, `from` (included) and `to` (not included) in any combination for many.
 *
 * @returns null where none of them is given
 */
export function keysOfQuery(query: Query): Keys | null {
  const key = query.bytes('key');
  const prefix = query.bytes('prefix');
  const from = query.bytes('from');
  const to = query.bytes('to');
  if (key !== null) {
    if (prefix !== null || from !== null || to !== null)
      throw invalid("give 'key' alone, or 'prefix', 'from' and 'to'");
    return oneKey(key);
  }
  if (prefix === null && from === null && to === null) return null;
  let { key: start, rangeEnd: end } = prefix === null ? allKeys : keysWithPrefix(prefix);
  if (from !== null && Buffer.compare(from, start) > 0) start = from;
  if (to !== null && (isOpenEnd(end) || Buffer.compare(to, end!) < 0)) {
    if (to.length === 0) throw invalid("'to' is empty; leave it out to go to the last key");
    end = to;
  }
  if (!isOpenEnd(end) && Buffer.compare(start, end!) >= 0)
    throw invalid("the range is empty: 'from' is not below 'to'");
  return { key: start, rangeEnd: end };
}

/** Whether a range end means "to the last key". */
export function isOpenEnd(rangeEnd: Buffer | null): boolean {
  return rangeEnd !== null && rangeEnd.length === 1 && rangeEnd[0] === 0;
}

/** The smallest key above every key with the prefix; the open end where there is none (only bytes of 255). */
function endOfPrefix(prefix: Buffer): Buffer {
  let last = prefix.length - 1;
  while (last >= 0 && prefix[last] === 0xff) last -= 1;
  if (last < 0) return zeroByte;
  const end = Buffer.from(prefix.subarray(0, last + 1));
  end[last]! += 1;
  return end;
}
