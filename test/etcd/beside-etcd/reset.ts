/** One store for many runs. */
import assert from 'node:assert/strict';
import type { Side } from './side.ts';

/** No keys, no leases, no history. */
export async function reset(side: Side): Promise<void> {
  const { leases } = await side.raw('Lease/LeaseLeases', 'LeaseLeasesRequest', {});
  for (const { ID } of leases) await side.raw('Lease/LeaseRevoke', 'LeaseRevokeRequest', { ID });
  const zero = Buffer.from([0]);
  const { header } = await side.raw('KV/DeleteRange', 'DeleteRangeRequest', { key: zero, range_end: zero });
  side.base = header.revision;
  await side.raw('KV/Compact', 'CompactionRequest', { revision: side.base }).catch((error: Error) => {
    assert.match(error.message, /compacted/);
  });
}
