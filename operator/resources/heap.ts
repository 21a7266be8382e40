/**
 * How much of the container's memory limit V8 may use for its heap; RocksDB, buffers and the Raft log need the rest.
 */
import { quantityValue } from '../api/quantity.ts';
import type { RaftClusterSpec } from '../api/types.ts';

/**
 * The heap gets half of the limit. This is set explicitly because Node's own default depends on the version of Node and
 * stops growing at a few GiB, however large the limit is.
 *
 * @returns flags for NODE_OPTIONS; null if there is no memory limit, and the member's own default applies
 */
export function heapOptions({ limits }: RaftClusterSpec['resources']): string | null {
  const limit = quantityValue(String(limits?.['memory'] ?? ''));
  return limit === null ? null : `--max-old-space-size=${Math.max(MIN_MIB, Math.floor(limit / 2 / 2 ** 20))}`;
}

/**
 * A member does not start with a smaller heap. If the memory limit is too low even for this, the user must raise it.
 */
const MIN_MIB = 64;
