/** The JSON merge patch (RFC 7396) that makes one value of another. Pure. */
import { type Fields, isFields } from './fields.ts';

/** The patch is empty when both are the same. A field that is undefined counts as one that is not there. */
export function mergePatch(before: Fields, after: Fields): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const from = before[key];
    const to = after[key];
    if (to === undefined) {
      if (from !== undefined) patch[key] = null;
    } else if (isFields(from) && isFields(to)) {
      const inner = mergePatch(from, to);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!isSame(from, to)) {
      patch[key] = to;
    }
  }
  return patch;
}

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, index) => isSame(entry, b[index]));
  }
  if (isFields(a) && isFields(b)) return Object.keys(mergePatch(a, b)).length === 0;
  return a === b;
}
