/** Writes the status of a RaftCluster when it says something new. */
import type { RaftCluster, RaftClusterStatus } from '../api/types.ts';
import type { KubeApi } from '../kube/types.ts';
import { raftClusterKind } from '../observe/cluster-kind.ts';
import type { Fence } from './fence.ts';
import { mergePatch } from './merge-patch.ts';

/**
 * @returns the cluster with it; null when there was nothing to write
 * @throws KubeError; `Conflict` when the RaftCluster has changed since it was read
 */
export async function writeStatus(
  cluster: RaftCluster,
  status: RaftClusterStatus,
  api: KubeApi,
  fence: Fence,
): Promise<RaftCluster | null> {
  if (!differs(cluster.status, status)) return null;
  const { namespace, name, uid, resourceVersion } = cluster.metadata;
  const patch = { status: mergePatch(cluster.status, status) };
  const options = { subresource: 'status', uid, resourceVersion, ...fence.options } as const;
  const written = await api.patch(raftClusterKind, { namespace, name }, patch, options);
  return {
    ...cluster,
    metadata: { ...cluster.metadata, resourceVersion: written.metadata.resourceVersion },
    status: written.status ?? {},
  };
}

/** Whether there is anything to write. A time alone is no news: each pass would write it, and so wake the next one. */
export function differs(before: RaftClusterStatus, after: RaftClusterStatus): boolean {
  return Object.keys(mergePatch(timeless(before), timeless(after))).length > 0;
}

function timeless(status: RaftClusterStatus): RaftClusterStatus {
  return {
    ...status,
    ...(status.conditions === undefined
      ? {}
      : { conditions: status.conditions.map((condition) => ({ ...condition, lastTransitionTime: '' })) }),
    ...(status.plan === undefined ? {} : { plan: { ...status.plan, since: '' } }),
  };
}
