/**
 * Whether an object as it is holds all that it shall be. Fields that the API server has added do not matter; entries of
 * lists do, as nobody else adds to a list that the operator sets. Pure.
 */
import { quantityValue } from '../api/quantity.ts';

export function holds(actual: unknown, wanted: unknown, isQuantity = false): boolean {
  if (wanted === undefined || wanted === null) return true;
  if (Array.isArray(wanted)) {
    const list: readonly unknown[] = Array.isArray(actual) ? actual : [];
    return list.length === wanted.length && wanted.every((entry, index) => holds(list[index], entry, isQuantity));
  }
  if (typeof wanted === 'object') {
    if (Object.keys(wanted).length === 0) return true;
    if (typeof actual !== 'object' || actual === null) return false;
    const fields = actual as Readonly<Record<string, unknown>>;
    return Object.entries(wanted).every(([key, value]) =>
      holds(fields[key], value, isQuantity || quantityFields.has(key)),
    );
  }
  if (wanted === actual) return true;
  // The API server leaves out what is empty.
  if (actual === undefined) return wanted === '' || wanted === false || wanted === 0;
  return isQuantity && sameQuantity(actual, wanted);
}

/** Below these, `1Gi` and `1024Mi` are the same. */
const quantityFields: ReadonlySet<string> = new Set(['requests', 'limits', 'sizeLimit', 'divisor']);

function sameQuantity(actual: unknown, wanted: unknown): boolean {
  const value = quantityValue(String(actual));
  return value !== null && value === quantityValue(String(wanted));
}
