/** What an entry weighs against the limits on messages, windows and the uncommitted tail. */
import type { Entry } from './types.ts';

/** Header, framing and the object itself: keeps a flood of tiny entries within the limits too. */
const ENTRY_OVERHEAD_BYTES = 32;

export function entrySizeBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

export function totalSizeBytes(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entrySizeBytes(entry);
  return bytes;
}
