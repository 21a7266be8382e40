/** Of pods and nodes, what decisions are made from. */

import { annotations, labels, memberContainer } from '../api/names.ts';
import { controllerOf } from '../kube/controller-of.ts';
import type { Node, Pod } from '../kube/kinds.ts';
import type { Stored } from '../kube/types.ts';
import type { NodeView, PodView } from './types.ts';

/** `NotKnown`: the operator may not read nodes. */
export type NodeObject = Stored<Node> | 'Absent' | 'NotKnown';

const outOfServiceTaint = 'node.kubernetes.io/out-of-service';
/** Who takes nodes away marks them so before it evicts, and need not cordon them: cluster-autoscaler and Karpenter. */
const drainTaints: ReadonlySet<string> = new Set(['ToBeDeletedByClusterAutoscaler', 'karpenter.sh/disrupted']);

export function podView(pod: Stored<Pod>, node: NodeObject): PodView {
  const { metadata, spec, status } = pod;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const container = spec?.containers.find(({ name }) => name === memberContainer);
  const containerStatus = status?.containerStatuses?.find(({ name }) => name === memberContainer);
  // A member whose init container does not start waits for it, and says nothing of itself.
  const waiting = [...(status?.initContainerStatuses ?? []), ...(containerStatus ? [containerStatus] : [])]
    .map(({ state }) => state?.waiting?.reason)
    .find((reason) => reason !== undefined && reason !== 'PodInitializing' && reason !== 'ContainerCreating');
  return {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    setUid: controllerOf(metadata)?.uid ?? null,
    templateHash: metadata.annotations?.[annotations.templateHash] ?? null,
    image: container?.image ?? null,
    phase: phaseOf(status?.phase),
    isReady: ready?.status === 'True',
    readyChangedMs: timeOf(ready?.lastTransitionTime),
    createdMs: timeOf(metadata.creationTimestamp) ?? 0,
    deletionDueMs: timeOf(metadata.deletionTimestamp),
    // The kubelet says the two in turns, up to five minutes each: told as news, they would put off every deadline.
    waitingReason: waiting === 'ErrImagePull' ? 'ImagePullBackOff' : (waiting ?? null),
    unschedulable:
      scheduled?.status === 'False' ? (scheduled.message ?? scheduled.reason ?? 'no node takes the pod') : null,
    node: spec?.nodeName === undefined ? null : nodeView(spec.nodeName, node),
    roleLabel: metadata.labels?.[labels.role] ?? null,
  };
}

export function nodeView(name: string, node: NodeObject): NodeView {
  // Not to know is no reason to act: only a node that is seen to be gone is gone.
  if (node === 'NotKnown' || node === 'Absent') {
    const exists = node === 'NotKnown';
    return { name, exists, isReady: exists, isOutOfService: false, isCordoned: false };
  }
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    name,
    zone: node.metadata.labels?.['topology.kubernetes.io/zone'],
    exists: true,
    isReady: ready?.status === 'True',
    isOutOfService: node.spec?.taints?.some(({ key }) => key === outOfServiceTaint) ?? false,
    isCordoned:
      node.spec?.unschedulable === true || (node.spec?.taints?.some(({ key }) => drainTaints.has(key)) ?? false),
  };
}

function phaseOf(phase: string | undefined): PodView['phase'] {
  switch (phase) {
    case 'Pending':
    case 'Running':
    case 'Succeeded':
    case 'Failed':
      return phase;
    default:
      return 'Unknown';
  }
}

function timeOf(time: string | undefined): number | null {
  return time === undefined ? null : Date.parse(time);
}
