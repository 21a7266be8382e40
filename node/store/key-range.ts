/** Ranges of keys. */
import type { Keys } from './types.ts';

const ZERO = Buffer.alloc(1);

export function isOpenEnded(keys: Keys): boolean {
  return keys.rangeEnd !== null && keys.rangeEnd.length === 1 && keys.rangeEnd[0] === 0;
}

export function coversAllKeys(keys: Keys): boolean {
  return isOpenEnded(keys) && keys.key.length === 1 && keys.key[0] === 0;
}

/** Nothing can be in it: its end does not come after its beginning. */
export function isEmpty({ key, rangeEnd }: Keys): boolean {
  return rangeEnd !== null && !isOpenEnded({ key, rangeEnd }) && key.compare(rangeEnd) >= 0;
}

export function includes(keys: Keys, key: Buffer): boolean {
  if (keys.rangeEnd === null) return keys.key.equals(key);
  return keys.key.compare(key) <= 0 && (isOpenEnded(keys) || key.compare(keys.rangeEnd) < 0);
}

/** The part of a range that comes after `key`. */
export function rangeAfter(keys: Keys, key: Buffer): Keys {
  return { key: keyAfter(key), rangeEnd: keys.rangeEnd };
}

/** The first key that comes after it, of users' keys as of rows': where the page begins that follows the one it ends. */
export function keyAfter(key: Uint8Array): Buffer {
  return Buffer.concat([key, ZERO]);
}

/** The part of a range that comes before `key`. */
export function rangeBefore(keys: Keys, key: Buffer): Keys {
  return { key: keys.key, rangeEnd: key };
}

/** The prefix whose keys are exactly this range, null when it is not of that kind. */
export function prefixOf(keys: Keys): Buffer | null {
  if (coversAllKeys(keys)) return Buffer.alloc(0);
  const { key, rangeEnd } = keys;
  if (rangeEnd === null || rangeEnd.length === 0 || rangeEnd.length > key.length || isOpenEnded(keys)) return null;
  const last = rangeEnd.length - 1;
  const isNext =
    key.subarray(0, last).equals(rangeEnd.subarray(0, last)) &&
    rangeEnd[last] === key[last]! + 1 &&
    key.subarray(rangeEnd.length).every((byte) => byte === 0xff);
  return isNext ? key : null;
}
