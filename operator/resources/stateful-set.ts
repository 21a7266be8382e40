/** The two StatefulSets: one whose members vote, one whose members never do. */
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
      // Members find each other whatever the order in which they start; one that does not start must not hold the others.
      podManagementPolicy: 'Parallel',
      // The operator chooses which pod restarts, and when.
      updateStrategy: { type: 'OnDelete' },
      // Volumes are the operator's to delete, once it is proved that nobody needs them.
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      // Nobody rolls back to an earlier one by it.
      revisionHistoryLimit: 1,
      selector: { matchLabels: { [names.labels.cluster]: name, [names.labels.set]: names.setLabel(set) } },
      template: podTemplate(cluster, shape, set),
      volumeClaimTemplates: [claimTemplate(cluster, set, live?.claimSize ?? cluster.spec.storage.size)],
    },
  };
}

/**
 * Kubernetes lets nothing in here be changed: not the labels, and so not by a later version of the operator either. Claims
 * are grown one by one, those of later ordinals too.
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
