/**
 * Whether an object as it is holds all that it shall be. Fields that the API server has added do not matter; entries of
 * lists and of selectors do, as nobody else adds to those that the operator sets. Pure.
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
    return Object.entries(wanted).every(
      ([key, value]) =>
        holds(fields[key], value, isQuantity || quantityFields.has(key)) &&
        (!selectors.has(key) || additions(fields[key], value).length === 0),
    );
  }
  if (wanted === actual) return true;
  // The API server leaves out what is empty.
  if (actual === undefined) return wanted === '' || wanted === false || wanted === 0;
  return isQuantity && sameQuantity(actual, wanted);
}

/** As a merge patch: what is wanted, and null for what a stranger has added to a selector. */
export function withoutAdditions(actual: unknown, wanted: unknown): unknown {
  if (!isFields(wanted) || !isFields(actual)) return wanted;
  return Object.fromEntries(
    Object.entries(wanted).map(([key, value]) => {
      const inner = withoutAdditions(actual[key], value);
      if (!selectors.has(key) || !isFields(inner)) return [key, inner];
      const added = additions(actual[key], value).map((name) => [name, null] as const);
      return [key, { ...inner, ...Object.fromEntries(added) }];
    }),
  );
}

/** One key more selects other pods, or none: a Service without endpoints. */
const selectors: ReadonlySet<string> = new Set(['selector', 'matchLabels', 'nodeSelector']);

function additions(actual: unknown, wanted: unknown): string[] {
  if (!isFields(actual) || !isFields(wanted)) return [];
  return Object.keys(actual).filter((key) => !(key in wanted));
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Below these, `1Gi` and `1024Mi` are the same. */
const quantityFields: ReadonlySet<string> = new Set(['requests', 'limits', 'sizeLimit', 'divisor']);

function sameQuantity(actual: unknown, wanted: unknown): boolean {
  const value = quantityValue(String(actual));
  return value !== null && value === quantityValue(String(wanted));
}
