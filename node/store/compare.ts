/** One compare of a transaction against one key. */
import type { Version } from './row-values.ts';
import type { Compare } from './types.ts';

/** @param version null for a key that is absent: it compares as zeros, and its value satisfies nothing */
export function satisfies(compare: Compare, version: Version | null): boolean {
  const order = orderOf(compare, version);
  if (order === null) return false;
  switch (compare.comparison) {
    case 'Equal':
      return order === 0;
    case 'NotEqual':
      return order !== 0;
    case 'Greater':
      return order > 0;
    case 'Less':
      return order < 0;
  }
}

/** Below, at or above 0 as the key's property is less than, equal to or greater than what it is compared with. */
function orderOf(compare: Compare, version: Version | null): number | null {
  switch (compare.target) {
    case 'Value':
      return version === null ? null : version.value!.compare(compare.value);
    case 'Create':
      return (version?.createRevision ?? 0) - compare.number;
    case 'Mod':
      return (version?.modRevision ?? 0) - compare.number;
    case 'Version':
      return (version?.version ?? 0) - compare.number;
    case 'Lease': {
      const lease = version?.lease ?? 0n;
      if (lease === compare.lease) return 0;
      return lease < compare.lease ? -1 : 1;
    }
  }
}
