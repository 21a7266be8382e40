/**
 * Whether an object as it is holds all that it shall be. Fields that the API server has added do not matter; entries of
 * lists and of selectors do, as nobody else adds to those that the operator sets. Pure.
 */
import { quantityValue } from '../api/quantity.ts';
import { isFields } from './fields.ts';

export function holds(actual: unknown, wanted: unknown): boolean {
  return differences(actual, wanted).length === 0;
}

/** Paths of the fields that are not as they shall be, as `spec.ports[0].port`; empty when the object holds all of them. */
export function differences(actual: unknown, wanted: unknown, path = '', isQuantity = false): readonly string[] {
  if (wanted === undefined || wanted === null) return [];
  if (Array.isArray(wanted)) {
    const list: readonly unknown[] = Array.isArray(actual) ? actual : [];
    if (list.length !== wanted.length) return [path];
    return wanted.flatMap((entry, index) => differences(list[index], entry, `${path}[${index}]`, isQuantity));
  }
  if (typeof wanted === 'object') {
    if (Object.keys(wanted).length === 0) return [];
    if (!isFields(actual)) return [path];
    return Object.entries(wanted).flatMap(([key, value]) => {
      const below = pathOf(path, key);
      return [
        ...differences(actual[key], value, below, isQuantity || quantityFields.has(key)),
        ...(selectors.has(key) ? additions(actual[key], value).map((added) => pathOf(below, added)) : []),
      ];
    });
  }
  if (wanted === actual) return [];
  // The API server leaves out what is empty.
  if (actual === undefined && (wanted === '' || wanted === false || wanted === 0)) return [];
  return isQuantity && sameQuantity(actual, wanted) ? [] : [path];
}

function pathOf(path: string, key: string): string {
  if (!/^\w+$/.test(key)) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** A merge patch of what is wanted, with null for each key that a stranger has added to a selector. */
export function withoutAdditions(actual: unknown, wanted: unknown, isSelector = false): unknown {
  if (!isFields(wanted) || !isFields(actual)) return wanted;
  const kept = Object.entries(wanted).map(([key, value]) => [
    key,
    withoutAdditions(actual[key], value, selectors.has(key)),
  ]);
  const taken = isSelector ? additions(actual, wanted).map((key) => [key, null]) : [];
  return Object.fromEntries([...kept, ...taken]);
}

/** With one key more, a selector selects other pods or none, and its Service leads nowhere. */
const selectors: ReadonlySet<string> = new Set(['selector', 'matchLabels', 'nodeSelector']);

function additions(actual: unknown, wanted: unknown): string[] {
  if (!isFields(actual) || !isFields(wanted)) return [];
  return Object.keys(actual).filter((key) => !(key in wanted));
}

/** Below fields of these names texts are quantities, of which `1Gi` and `1024Mi` are the same. */
const quantityFields: ReadonlySet<string> = new Set(['requests', 'limits', 'sizeLimit', 'divisor']);

function sameQuantity(actual: unknown, wanted: unknown): boolean {
  const value = quantityValue(String(actual));
  return value !== null && value === quantityValue(String(wanted));
}
