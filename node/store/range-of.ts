/** The plain read: these keys, whole, in order, without bounds. Other reads are this one with fields replaced. */
import type { Keys, Range } from './types.ts';

/** @param revision 0 is the newest */
export function rangeOf({ key, rangeEnd }: Keys, revision = 0): Range {
  return {
    kind: 'Range',
    key,
    rangeEnd,
    revision,
    limit: 0,
    sort: null,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}
