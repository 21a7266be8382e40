/** From where the objects of one RaftCluster come: the caches, or the API server itself. */

import { labels, setName } from '../api/names.ts';
import { controllerOf } from '../kube/controller-of.ts';
import { isKubeError } from '../kube/errors.ts';
import {
  type Namespace,
  type Node,
  namespaceKind,
  nodeKind,
  type PersistentVolumeClaim,
  type Pod,
  type PodDisruptionBudget,
  persistentVolumeClaimKind,
  podDisruptionBudgetKind,
  podKind,
  type StatefulSet,
  type StorageClass,
  statefulSetKind,
} from '../kube/kinds.ts';
import type { Cache, Kind, KubeApi, KubeObject, ObjectName, Stored } from '../kube/types.ts';
import { type RaftClusterObject, raftClusterKind } from './cluster-kind.ts';

/** It is `NotKnown` where the operator may not read this kind, as when it has rights in its own namespace only. */
export type Found<T extends KubeObject> = Stored<T> | 'Absent' | 'NotKnown';

export interface Source {
  cluster(name: ObjectName): Promise<Stored<RaftClusterObject> | null>;
  /** The RaftClusters of all namespaces that the operator looks after. */
  clusters(): Promise<readonly Stored<RaftClusterObject>[]>;
  statefulSets(cluster: ObjectName): Promise<readonly Stored<StatefulSet>[]>;
  pods(cluster: ObjectName): Promise<readonly Stored<Pod>[]>;
  claims(cluster: ObjectName): Promise<readonly Stored<PersistentVolumeClaim>[]>;
  /** By its own name, whatever its labels; caches know only those with labels. */
  claim(name: ObjectName): Promise<Stored<PersistentVolumeClaim> | null>;
  /** The PodDisruptionBudget, which has the name of the RaftCluster. */
  budget(cluster: ObjectName): Promise<Stored<PodDisruptionBudget> | null>;
  node(name: string): Promise<Found<Node>>;
  storageClass(name: string): Promise<Found<StorageClass>>;
  namespace(name: string): Promise<Found<Namespace>>;
}

/** Caches of what the operator may read; null for a kind that it may not. */
export type Caches = {
  readonly clusters: Cache<RaftClusterObject>;
  readonly statefulSets: Cache<StatefulSet>;
  readonly pods: Cache<Pod>;
  readonly claims: Cache<PersistentVolumeClaim>;
  readonly budgets: Cache<PodDisruptionBudget>;
  readonly nodes: Cache<Node> | null;
  readonly storageClasses: Cache<StorageClass> | null;
  readonly namespaces: Cache<Namespace> | null;
};

export function cacheSource(caches: Caches): Source {
  return {
    cluster: async ({ namespace, name }) => caches.clusters.get(namespace, name),
    clusters: async () => caches.clusters.list(),
    statefulSets: async (cluster) => ofCluster(caches.statefulSets, cluster),
    pods: async (cluster) => ofCluster(caches.pods, cluster),
    claims: async (cluster) => ofCluster(caches.claims, cluster),
    claim: async ({ namespace, name }) => caches.claims.get(namespace, name),
    budget: async ({ namespace, name }) => caches.budgets.get(namespace, name),
    node: async (name) => found(caches.nodes, name),
    storageClass: async (name) => found(caches.storageClasses, name),
    namespace: async (name) => found(caches.namespaces, name),
  };
}

/**
 * What decides about this cluster is read anew. Classes, and the other clusters, are those of the caches: they matter only
 * to who takes the operator's image next, and then `clustersOf` reads them anew too.
 */
export function freshSource(api: KubeApi, caches: Pick<Caches, 'clusters' | 'storageClasses'>): Source {
  const listed = async <T extends KubeObject>(kind: Kind<T>, { namespace, name }: ObjectName) =>
    (await api.list(kind, { namespace, labelSelector: `${labels.cluster}=${name}` })).items;
  const read = async <T extends KubeObject>(kind: Kind<T>, name: string): Promise<Found<T>> => {
    try {
      return (await api.get(kind, { namespace: '', name })) ?? 'Absent';
    } catch (error) {
      if (isKubeError(error, 'Forbidden')) return 'NotKnown';
      throw error;
    }
  };
  return {
    cluster: (name) => api.get(raftClusterKind, name),
    clusters: async () => caches.clusters.list(),
    statefulSets: async (cluster) => {
      const names = [setName(cluster.name, 'Voters'), setName(cluster.name, 'Readers')];
      const sets = names.map((name) => api.get(statefulSetKind, { namespace: cluster.namespace, name }));
      return (await Promise.all(sets)).flatMap((set) => (set !== null && isOfCluster(set, cluster.name) ? [set] : []));
    },
    pods: (cluster) => listed(podKind, cluster),
    claims: (cluster) => listed(persistentVolumeClaimKind, cluster),
    claim: (name) => api.get(persistentVolumeClaimKind, name),
    budget: (cluster) => api.get(podDisruptionBudgetKind, cluster),
    node: (name) => read(nodeKind, name),
    storageClass: async (name) => found(caches.storageClasses, name),
    namespace: (name) => read(namespaceKind, name),
  };
}

/** @param watchedNamespace the only one to be read; null for all */
export async function clustersOf(
  api: KubeApi,
  watchedNamespace: string | null,
): Promise<readonly Stored<RaftClusterObject>[]> {
  return (await api.list(raftClusterKind, watchedNamespace === null ? {} : { namespace: watchedNamespace })).items;
}

/** One that lost its label is still its RaftCluster's, and gets it back only if it is found without it. */
function isOfCluster({ metadata }: Stored<KubeObject>, cluster: string): boolean {
  if (metadata.labels?.[labels.cluster] === cluster) return true;
  const owner = controllerOf(metadata);
  return owner?.kind === raftClusterKind.kind && owner.name === cluster;
}

function ofCluster<T extends KubeObject>(cache: Cache<T>, { namespace, name }: ObjectName): readonly Stored<T>[] {
  return cache.list(namespace).filter(({ metadata }) => metadata.labels?.[labels.cluster] === name);
}

function found<T extends KubeObject>(cache: Cache<T> | null, name: string): Found<T> {
  return cache === null ? 'NotKnown' : (cache.get('', name) ?? 'Absent');
}
