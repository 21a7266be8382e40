/**
 * Where the next page of a range begins. It pins the revision of the first page, so that all pages together are one
 * consistent picture, and carries all that the next request needs. Opaque to clients.
 */
import type { Keys } from '../store/types.ts';
import { invalid } from './errors.ts';
import { isOpenEnd } from './keys.ts';

export type Cursor = {
  readonly revision: number;
  /** Items on the pages before. */
  readonly delivered: number;
  readonly keys: Keys;
};

export function encodeCursor({ revision, delivered, keys }: Cursor): string {
  const fields = [1, revision, delivered, keys.key.toString('base64'), keys.rangeEnd?.toString('base64') ?? null];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

export function decodeCursor(text: string): Cursor {
  const fields = parse(text);
  if (!Array.isArray(fields) || fields.length !== 5 || fields[0] !== 1) throw notOurs();
  const [, revision, delivered, key, rangeEnd] = fields as unknown[];
  if (!isCount(revision) || revision === 0 || !isCount(delivered)) throw notOurs();
  if (typeof key !== 'string' || key === '' || typeof rangeEnd !== 'string' || rangeEnd === '') throw notOurs();
  return { revision, delivered, keys: { key: Buffer.from(key, 'base64'), rangeEnd: Buffer.from(rangeEnd, 'base64') } };
}

/** A range given beside its cursor must be the one that the cursor came from. */
export function assertWithin({ keys }: Cursor, range: Keys): void {
  const isSameEnd = range.rangeEnd !== null && keys.rangeEnd!.equals(range.rangeEnd);
  const isPastStart = Buffer.compare(keys.key, range.key) >= 0;
  const isBeforeEnd = isOpenEnd(keys.rangeEnd) || Buffer.compare(keys.key, keys.rangeEnd!) <= 0;
  if (!isSameEnd || !isPastStart || !isBeforeEnd)
    throw invalid("the 'cursor' belongs to another range than the one given");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function notOurs(): Error {
  return invalid("'cursor' is not one that a range has answered");
}
