/** The built-in kinds that the operator uses. Their types come from the models of client-node. */
import type {
  EventsV1Event,
  V1ConfigMap,
  V1CustomResourceDefinition,
  V1EndpointSlice,
  V1Lease,
  V1Namespace,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Secret,
  V1Service,
  V1StatefulSet,
  V1StorageClass,
} from '@kubernetes/client-node';
import type { Kind, Wire } from './types.ts';

export type ConfigMap = Wire<V1ConfigMap>;
export type Secret = Wire<V1Secret>;
export type Service = Wire<V1Service>;
export type Pod = Wire<V1Pod>;
export type PersistentVolumeClaim = Wire<V1PersistentVolumeClaim>;
export type Node = Wire<V1Node>;
export type Namespace = Wire<V1Namespace>;
export type StatefulSet = Wire<V1StatefulSet>;
export type PodDisruptionBudget = Wire<V1PodDisruptionBudget>;
export type Lease = Wire<V1Lease>;
export type Event = Wire<EventsV1Event>;
export type EndpointSlice = Wire<V1EndpointSlice>;
export type StorageClass = Wire<V1StorageClass>;
export type CustomResourceDefinition = Wire<V1CustomResourceDefinition>;

export const configMapKind: Kind<ConfigMap> = namespacedKind('v1', 'ConfigMap', 'configmaps');
export const secretKind: Kind<Secret> = namespacedKind('v1', 'Secret', 'secrets');
export const serviceKind: Kind<Service> = namespacedKind('v1', 'Service', 'services');
export const podKind: Kind<Pod> = namespacedKind('v1', 'Pod', 'pods');
export const persistentVolumeClaimKind: Kind<PersistentVolumeClaim> = namespacedKind(
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
export const nodeKind: Kind<Node> = clusterKind('v1', 'Node', 'nodes');
export const namespaceKind: Kind<Namespace> = clusterKind('v1', 'Namespace', 'namespaces');
export const statefulSetKind: Kind<StatefulSet> = namespacedKind('apps/v1', 'StatefulSet', 'statefulsets');
export const podDisruptionBudgetKind: Kind<PodDisruptionBudget> = namespacedKind(
  'policy/v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
);
export const leaseKind: Kind<Lease> = namespacedKind('coordination.k8s.io/v1', 'Lease', 'leases');
export const eventKind: Kind<Event> = namespacedKind('events.k8s.io/v1', 'Event', 'events');
export const endpointSliceKind: Kind<EndpointSlice> = namespacedKind(
  'discovery.k8s.io/v1',
  'EndpointSlice',
  'endpointslices',
);
export const storageClassKind: Kind<StorageClass> = clusterKind('storage.k8s.io/v1', 'StorageClass', 'storageclasses');
export const customResourceDefinitionKind: Kind<CustomResourceDefinition> = clusterKind(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);

function namespacedKind(apiVersion: string, kind: string, plural: string): Kind<never> {
  return { apiVersion, kind, plural, namespaced: true };
}

function clusterKind(apiVersion: string, kind: string, plural: string): Kind<never> {
  return { apiVersion, kind, plural, namespaced: false };
}
