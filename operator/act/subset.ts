/**
 * Whether an object as it is holds all that it shall be. Fields that the API server has added do not matter; entries of
 * lists and of selectors do, as nobody else adds to those that the operator sets. Pure.
 */
import { quantityValue } from '../api/quantity.ts';
import { isFields } from './fields.ts';

export function holds(actual: unknown, wanted: unknown, isQuantity = false): boolean {
  if (wanted === undefined || wanted === null) return true;
  if (Array.isArray(wanted)) {
    const list: readonly unknown[] = Array.isArray(actual) ? actual : [];
    return list.length === wanted.length && wanted.every((entry, index) => holds(list[index], entry, isQuantity));
  }
  if (typeof wanted === 'object') {
    if (Object.keys(wanted).length === 0) return true;
    if (!isFields(actual)) return false;
    return Object.entries(wanted).every(
      ([key, value]) =>
        holds(actual[key], value, isQuantity || quantityFields.has(key)) &&
        (!selectors.has(key) || additions(actual[key], value).length === 0),
    );
  }
  if (wanted === actual) return true;
  // The API server leaves out what is empty.
  if (actual === undefined) return wanted === '' || wanted === false || wanted === 0;
  return isQuantity && sameQuantity(actual, wanted);
}

/** As a merge patch: what is wanted, and null for what a stranger has added to a selector. */
export function withoutAdditions(actual: unknown, wanted: unknown, isSelector = false): unknown {
  if (!isFields(wanted) || !isFields(actual)) return wanted;
  const kept = Object.entries(wanted).map(([key, value]) => [
    key,
    withoutAdditions(actual[key], value, selectors.has(key)),
  ]);
  const taken = isSelector ? additions(actual, wanted).map((key) => [key, null]) : [];
  return Object.fromEntries([...kept, ...taken]);
}

/** One key more selects other pods, or none: a Service without endpoints. */
const selectors: ReadonlySet<string> = new Set(['selector', 'matchLabels', 'nodeSelector']);

function additions(actual: unknown, wanted: unknown): string[] {
  if (!isFields(actual) || !isFields(wanted)) return [];
  return Object.keys(actual).filter((key) => !(key in wanted));
}

/** Below these, `1Gi` and `1024Mi` are the same. */
const quantityFields: ReadonlySet<string> = new Set(['requests', 'limits', 'sizeLimit', 'divisor']);

function sameQuantity(actual: unknown, wanted: unknown): boolean {
  const value = quantityValue(String(actual));
  return value !== null && value === quantityValue(String(wanted));
}
