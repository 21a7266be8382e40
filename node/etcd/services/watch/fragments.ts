/** Cuts the events of a revision into parts, for a caller that asked for it and may take no message above a size. */
import type { WatchedEvent } from '../../../store/types.ts';

const EVENT_OVERHEAD_BYTES = 64;

/** Gives at least one part; each has at most `maxBytes`, or a single event. */
export function fragmentsOf(events: readonly WatchedEvent[], maxBytes: number): readonly (readonly WatchedEvent[])[] {
  const parts: WatchedEvent[][] = [];
  let part: WatchedEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const eventBytes = sizeOf(event);
    if (part.length > 0 && bytes + eventBytes > maxBytes) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += eventBytes;
  }
  parts.push(part);
  return parts;
}

function sizeOf({ item, previous }: WatchedEvent): number {
  const previousBytes = previous === null ? 0 : previous.key.length + previous.value.length + EVENT_OVERHEAD_BYTES;
  return item.key.length + item.value.length + EVENT_OVERHEAD_BYTES + previousBytes;
}
