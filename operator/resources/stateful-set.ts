/** The two StatefulSets of a cluster: one for voters, one for read replicas, which never vote. */
import * as names from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Shape } from '../decide/types.ts';
import type { StatefulSet } from '../kube/kinds.ts';
import { childMeta, clusterLabels } from './child-meta.ts';
import { podTemplate } from './pod-template.ts';
import type { ResourceContext } from './types.ts';

type Spec = NonNullable<StatefulSet['spec']>;

export function statefulSet(
  cluster: RaftCluster,
  shape: Pick<Shape, 'image' | 'setReplicas'>,
  set: names.SetName,
  { sets }: Pick<ResourceContext, 'sets'>,
): StatefulSet {
  const { name } = cluster.metadata;
  const live = sets[set];
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: childMeta(cluster, names.setName(name, set), { [names.labels.set]: names.setLabel(set) }),
    spec: {
      replicas: live?.replicas ?? shape.setReplicas[set],
      ordinals: { start: live?.start ?? 0 },
      serviceName: names.peerService(name),
      // Members start in any order. With `OrderedReady`, one pod that cannot start would keep all later ones from
      // starting.
      podManagementPolicy: 'Parallel',
      // The operator decides which pod restarts and when: the StatefulSet controller knows nothing of leader and
      // quorum.
      updateStrategy: { type: 'OnDelete' },
      // The operator deletes volumes itself, and only once it is certain that no member needs their data.
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      // Saves ControllerRevisions: a rollback is a change of the RaftCluster, never `kubectl rollout undo`.
      revisionHistoryLimit: 1,
      selector: { matchLabels: { [names.labels.cluster]: name, [names.labels.set]: names.setLabel(set) } },
      template: podTemplate(cluster, shape, set),
      volumeClaimTemplates: [claimTemplate(cluster, set, live?.claimSize ?? cluster.spec.storage.size)],
    },
  };
}

/**
 * Kubernetes rejects every change of a StatefulSet's volumeClaimTemplates, labels included, so a later version of the
 * operator must not change what this builds. The operator grows each PersistentVolumeClaim on its own instead, also the
 * claims of ordinals added later, which begin with the old size.
 */
function claimTemplate(
  cluster: RaftCluster,
  set: names.SetName,
  size: string,
): NonNullable<Spec['volumeClaimTemplates']>[number] {
  const { storageClassName } = cluster.spec.storage;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: names.dataClaim,
      labels: { ...clusterLabels(cluster), [names.labels.set]: names.setLabel(set) },
      annotations: { [names.annotations.ownerUid]: cluster.metadata.uid },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName === undefined ? {} : { storageClassName }),
      resources: { requests: { storage: size } },
    },
  };
}
