/** Name, labels and owner of a child object. */
import { labels, operatorName } from '../api/names.ts';
import { apiVersion, kind, type RaftCluster } from '../api/types.ts';
import type { ObjectMeta } from '../kube/types.ts';

export type ChildMeta = ObjectMeta & { readonly name: string; readonly namespace: string };

export function childMeta(cluster: RaftCluster, name: string, more: Readonly<Record<string, string>> = {}): ChildMeta {
  return {
    name,
    namespace: cluster.metadata.namespace,
    labels: { ...clusterLabels(cluster), ...more },
    ownerReferences: [
      {
        apiVersion,
        kind,
        name: cluster.metadata.name,
        uid: cluster.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

/** The labels of every object that belongs to a cluster, pods and PersistentVolumeClaims included. */
export function clusterLabels({ metadata }: RaftCluster): Readonly<Record<string, string>> {
  return {
    [labels.name]: operatorName,
    [labels.instance]: metadata.name,
    [labels.managedBy]: operatorName,
    [labels.cluster]: metadata.name,
  };
}
