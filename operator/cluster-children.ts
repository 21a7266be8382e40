/** The child objects of a RaftCluster: those that there shall be, and those that there are. */

import type { OwnedChild } from './act/children.ts';
import type { SetName } from './api/names.ts';
import { setName } from './api/names.ts';
import type { RaftCluster } from './api/types.ts';
import type { OperatorCaches } from './caches.ts';
import type { Shape } from './decide/types.ts';
import type { StatefulSet } from './kube/kinds.ts';
import type { Cache, KubeObject, Stored } from './kube/types.ts';
import type { Observed } from './observe/types.ts';
import { childObjects } from './resources/child-objects.ts';
import type { ChildObject, LeaderAddress, LiveSet } from './resources/types.ts';

/** @param sets from the same reading as `observed` */
export function wantedChildren(
  { cluster, hasPodMonitors, hasPrometheusRules, hasGrafanaDashboards, chartBringsAlerts }: Observed,
  shape: Shape,
  sets: readonly Stored<StatefulSet>[],
  caches: OperatorCaches,
): readonly ChildObject[] {
  return childObjects(cluster, shape, {
    sets: { Voters: liveSet(cluster, sets, 'Voters'), Readers: liveSet(cluster, sets, 'Readers') },
    leader: leaderAddress(cluster, shape.leaderPod, caches),
    hasPodMonitors,
    hasPrometheusRules,
    hasGrafanaDashboards,
    chartBringsAlerts,
  });
}

/** The objects that the RaftCluster owns, of those kinds that are deleted when they are wanted no more. */
export function ownedChildren({ metadata: { uid } }: RaftCluster, caches: OperatorCaches): readonly OwnedChild[] {
  const pruned = [
    caches.services,
    caches.endpointSlices,
    caches.budgets,
    caches.podMonitors,
    caches.prometheusRules,
    caches.grafanaDashboards,
  ] as unknown as readonly (Cache<KubeObject> | null)[];
  return pruned.flatMap((cache) => cache?.ownedBy(uid).map((object) => ({ kind: cache.kind, object })) ?? []);
}

function liveSet(cluster: RaftCluster, sets: readonly Stored<StatefulSet>[], set: SetName): LiveSet | null {
  const live = sets.find(({ metadata }) => metadata.name === setName(cluster.metadata.name, set));
  if (live === undefined) return null;
  const claim = live.spec?.volumeClaimTemplates?.[0];
  return {
    replicas: live.spec?.replicas ?? 1,
    start: live.spec?.ordinals?.start ?? 0,
    claimSize: claim?.spec?.resources?.requests?.['storage'] ?? cluster.spec.storage.size,
  };
}

function leaderAddress(
  { metadata: { namespace } }: RaftCluster,
  leaderPod: string | null,
  { pods }: OperatorCaches,
): LeaderAddress | null {
  const pod = leaderPod === null ? null : pods.get(namespace, leaderPod);
  const ip = pod?.status?.podIP;
  if (pod === null || ip === undefined) return null;
  return { podName: pod.metadata.name, podUid: pod.metadata.uid, ip, nodeName: pod.spec?.nodeName ?? null };
}
