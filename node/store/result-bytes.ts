/** How large a result is. */
import type { KeyValue, Result } from './types.ts';

/** The keys and values that a command answers. */
export function resultBytes(result: Result): number {
  switch (result.kind) {
    case 'Range':
      return sumOf(result.items, itemBytes);
    case 'DeleteRange':
      return sumOf(result.previous, itemBytes);
    case 'Put':
      return result.previous === null ? 0 : itemBytes(result.previous);
    case 'Txn':
      return sumOf(result.results, resultBytes);
    default:
      return 0;
  }
}

function itemBytes({ key, value }: KeyValue): number {
  return key.length + value.length;
}

function sumOf<T>(all: readonly T[], bytesOf: (one: T) => number): number {
  let bytes = 0;
  for (const one of all) bytes += bytesOf(one);
  return bytes;
}
