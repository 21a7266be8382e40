/**
 * States that no entry has made: the empty one of a new cluster, one restored from a snapshot under a new cluster
 * id, and the survivor's after a lost quorum. The last two raise the revision by a gap and compact through it:
 * whatever revision a client has seen from a member that is gone is never given again, and a watch that goes on
 * from it is told to read anew instead of missing what was undone.
 */
import { amongMembers, putCorrupt } from './corrupt-members.ts';
import type { EngineOperation, EngineReader } from './engine.ts';
import { invariant } from './errors.ts';
import { type Applied, type Cluster, putApplied, putCluster, readMeta } from './meta.ts';
import type { Membership } from './types.ts';

/** More writes than a cluster can have acknowledged after the state that is left: a minute at 15,000/s. */
export const REVISION_GAP = 1_000_000;

const FOUNDED: Applied = {
  index: 1,
  term: 1,
  revision: 1,
  compactedRevision: 0,
  timeMs: 0,
  keyCount: 0,
  leaseCount: 0,
  generation: 0,
  answers: [
    { keys: 0, sizeBytes: 0 },
    { keys: 0, sizeBytes: 0 },
  ],
};

/** The state of a new cluster before its first entry: what every founder writes into its empty engine. */
export function foundingRows(cluster: Cluster): EngineOperation[] {
  invariant(cluster.membership.configIndex === 1, 'the founding membership is that of index 1');
  return [putApplied(FOUNDED), putCluster(cluster)];
}

/**
 * What turns a snapshot's content into the founding state of a new cluster: keys, leases and remembered answers stay,
 * the log starts anew.
 *
 * @param membership of the founders, with `configIndex` 1
 */
export async function restoredRows(
  reader: EngineReader,
  { clusterId, membership }: { readonly clusterId: string; readonly membership: Membership },
): Promise<EngineOperation[]> {
  const { applied, cluster } = await readMeta(reader);
  invariant(membership.configIndex === 1, 'the founding membership is that of index 1');
  return [
    putApplied({ ...raised(applied), index: 1, term: 1 }),
    putCluster({ clusterId, format: cluster.format, membership }),
    // All founders begin with the same content, and their ids mean others than before.
    putCorrupt([]),
  ];
}

/**
 * What makes `survivorId` the only voter and member, under a new cluster id. Applied index and term stay, so that the
 * log goes on. The new `configIndex` is above all that were applied: changes still in the log were made for the
 * old membership and come out void.
 */
export async function recoveryOperations(
  reader: EngineReader,
  { clusterId, survivorId }: { readonly clusterId: string; readonly survivorId: number },
): Promise<EngineOperation[]> {
  const { applied, cluster, corrupt } = await readMeta(reader);
  const survivor = cluster.membership.members.find(({ id }) => id === survivorId);
  if (survivor === undefined)
    throw new Error(`member ${survivorId} is not in the membership: it cannot be the survivor`);
  const membership: Membership = {
    configIndex: Math.max(applied.index, cluster.membership.configIndex) + 1,
    lastMemberId: cluster.membership.lastMemberId,
    members: [survivor],
    voters: [survivorId],
    leaving: null,
  };
  return [
    putApplied(raised(applied)),
    putCluster({ clusterId, format: cluster.format, membership }),
    putCorrupt(amongMembers(corrupt, membership)),
  ];
}

function raised(applied: Applied): Applied {
  const revision = applied.revision + REVISION_GAP;
  return { ...applied, revision, compactedRevision: revision };
}
