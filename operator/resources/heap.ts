/** How much of a container's memory V8 may use for its heap; the rest is for RocksDB, buffers and the log. */
import { quantityValue } from '../api/quantity.ts';
import type { RaftClusterSpec } from '../api/types.ts';

/**
 * Node's own choice knows the machine and not the limit that the container is killed at.
 *
 * @returns flags for NODE_OPTIONS; null without a limit, where the member's own default holds
 */
export function heapOptions({ limits }: RaftClusterSpec['resources']): string | null {
  const limit = quantityValue(String(limits?.['memory'] ?? ''));
  return limit === null ? null : `--max-old-space-size=${Math.max(MIN_MIB, Math.floor(limit / 2 / 2 ** 20))}`;
}

/** With less it would not even start; a limit below that is the user's to raise. */
const MIN_MIB = 64;
