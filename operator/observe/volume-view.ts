/** Of claims and StatefulSets, what decisions are made from. */

import { annotations, labels } from '../api/names.ts';
import { quantityValue } from '../api/quantity.ts';
import { controllerOf } from '../kube/controller-of.ts';
import type { PersistentVolumeClaim, StatefulSet } from '../kube/kinds.ts';
import type { Stored } from '../kube/types.ts';
import type { NodeView, SetView, VolumeView } from './types.ts';

export function volumeView(
  claim: Stored<PersistentVolumeClaim>,
  cluster: string,
  canExpand: boolean,
  selectedNode: NodeView | null,
): VolumeView {
  const { metadata, spec, status } = claim;
  const known = metadata.annotations ?? {};
  const memberId = Number(known[annotations.memberId]);
  const capacity = status?.capacity?.['storage'];
  return {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    phase: status?.phase === 'Bound' || status?.phase === 'Lost' ? status.phase : 'Pending',
    isLabelled: metadata.labels?.[labels.cluster] === cluster,
    requestedBytes: quantityValue(spec?.resources?.requests?.['storage'] ?? '0') ?? 0,
    capacityBytes: capacity === undefined ? null : quantityValue(capacity),
    needsPodRestart:
      status?.conditions?.some(({ type, status: holds }) => type === 'FileSystemResizePending' && holds === 'True') ??
      false,
    canExpand,
    isTerminating: metadata.deletionTimestamp !== undefined,
    isReleased: known[annotations.released] === 'true',
    selectedNode,
    incarnation: known[annotations.incarnation] ?? null,
    clusterId: known[annotations.clusterId] ?? null,
    memberId: Number.isSafeInteger(memberId) ? memberId : null,
    ownerUid: known[annotations.ownerUid] ?? null,
  };
}

export function setView(set: Stored<StatefulSet>): SetView {
  return {
    uid: set.metadata.uid,
    resourceVersion: set.metadata.resourceVersion,
    replicas: set.spec?.replicas ?? 1,
    start: set.spec?.ordinals?.start ?? 0,
    templateHash: set.spec?.template.metadata?.annotations?.[annotations.templateHash] ?? null,
    isObserved: (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0),
    ownerUid: controllerOf(set.metadata)?.uid ?? null,
    isTerminating: set.metadata.deletionTimestamp !== undefined,
  };
}
