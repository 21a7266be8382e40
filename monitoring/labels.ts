/**
 * Labels by which a member's series are known in Prometheus. `namespace` and `pod` are what prometheus-operator sets,
 * the other is the pod's label `quorate.dev/cluster`, as a PodMonitor's `podTargetLabels` brings it.
 */
export const CLUSTER_LABEL = 'quorate_dev_cluster';
/** Name of the member. */
export const MEMBER_LABEL = 'pod';

/** By which one RaftCluster's series are known. */
export const CLUSTER_LABELS = `namespace, ${CLUSTER_LABEL}`;
/** By which one member's series are known. */
export const MEMBER_LABELS = `${CLUSTER_LABELS}, ${MEMBER_LABEL}`;
