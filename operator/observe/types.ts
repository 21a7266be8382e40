/**
 * Everything that a pass of the operator knows: read from Kubernetes and from the members, then frozen. `decide`,
 * `resources` and `status` see nothing else, so a decision can be replayed from one value.
 *
 * A slot is a place for one member: an ordinal of one of the two StatefulSets. Its pod and its volume come and go; the
 * member that lives in it is known by the incarnation of the volume, never by the ordinal.
 */
import type { ApiCluster, ApiStatus } from '../../client/types.ts';
import type { SetName } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';

export type Observed = {
  /** Wall clock of this pass. Thresholds compare it with times written in objects. */
  readonly nowMs: number;
  readonly cluster: RaftCluster;
  /** Of the operator itself: what clusters without an image of their own run, once it is their turn. */
  readonly operatorImage: string;
  /** Of the pod templates that there shall be, made by `resources` for the image in status. A pod with another one is outdated. */
  readonly templateHashes: Readonly<Record<SetName, string>>;
  readonly sets: Readonly<Record<SetName, SetView | null>>;
  /** All slots that have a pod, a volume, or are asked for by a StatefulSet; sorted by set and ordinal. */
  readonly slots: readonly Slot[];
  /** Linearizable, from a member of the cluster id in status (or, without one there, of the only one seen). Null when nobody could answer. */
  readonly configuration: ApiCluster | null;
  /** Why there is none, for the reader. */
  readonly configurationError: string | null;
  /** Of the members' keys, as they told. */
  readonly comparison: Comparison;
  readonly pdb: { readonly minAvailable: number; readonly disruptionsAllowed: number } | null;
  /** The namespace is being deleted: nothing is created, nothing waits for a quorum. */
  readonly isNamespaceTerminating: boolean;
  /** Another cluster that is taking the operator's image now, or is not well after that: this one waits its turn. */
  readonly rollingElsewhere: string | null;
} & MonitoringContext;

/**
 * After a compaction the leader compares the hashes of all keys. Who differs from a quorum is marked (alarm CORRUPT), and
 * from then on all members refuse writes.
 */
export type Comparison =
  /** No member of the cluster answers, or they are of a version that compares nothing. */
  | { readonly kind: 'NotTold' }
  /** Nobody is marked. */
  | { readonly kind: 'Equal' }
  | {
      readonly kind: 'Differs';
      /** Names of those that are marked. */
      readonly members: readonly string[];
      /** False when no quorum holds the same: then nobody knows whose keys are wrong. */
      readonly isDecided: boolean;
    };

/** What the operators of Prometheus and Grafana have brought, and the chart. */
export type MonitoringContext = {
  readonly hasPodMonitors: boolean;
  readonly hasPrometheusRules: boolean;
  readonly hasGrafanaDashboards: boolean;
  /** Of the members of all clusters: one that leaves it to Auto brings none of its own, or all would be told twice. */
  readonly chartBringsAlerts: boolean;
};

export type SetView = {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly replicas: number;
  /** `spec.ordinals.start`: other than 0 only while all but one member are kept stopped. */
  readonly start: number;
  /** Value of the annotation in its pod template. */
  readonly templateHash: string | null;
  /** Its controller has seen its present generation: a pod made from now on has this template. */
  readonly isObserved: boolean;
  /** UID of the RaftCluster that controls it; null for none. */
  readonly ownerUid: string | null;
  readonly isTerminating: boolean;
};

export type Slot = {
  readonly set: SetName;
  readonly ordinal: number;
  /** Of the pod, and the member's name: NAME-0, NAME-read-0. */
  readonly name: string;
  /** As in the configuration: HOST:PORT of the headless Service. */
  readonly peerAddress: string;
  readonly pod: PodView | null;
  readonly volume: VolumeView | null;
  /** What the member in the pod says of itself; null without a pod that could be asked. */
  readonly report: MemberReport | null;
};

export type MemberReport =
  | { readonly kind: 'Answered'; readonly status: ApiStatus }
  | { readonly kind: 'Unreachable'; readonly error: string };

export type PodView = {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Of the StatefulSet that controls it, which may be gone; null when none does. */
  readonly setUid: string | null;
  /** Value of the annotation that `resources` puts into the template: differs from the desired one = outdated. */
  readonly templateHash: string | null;
  readonly image: string | null;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly isReady: boolean;
  readonly readyChangedMs: number | null;
  readonly createdMs: number;
  /** The time by which it should have been gone; null unless it is being deleted. */
  readonly deletionDueMs: number | null;
  /** Of the member's container: ImagePullBackOff, CrashLoopBackOff, CreateContainerConfigError, ... */
  readonly waitingReason: string | null;
  /** Message of PodScheduled=False. */
  readonly unschedulable: string | null;
  readonly node: NodeView | null;
  /** `voter` or `learner` as the PodDisruptionBudget counts it; null on a new pod. */
  readonly roleLabel: string | null;
};

export type NodeView = {
  readonly name: string;
  /** By the label topology.kubernetes.io/zone. */
  readonly zone?: string | undefined;
  /** False when the Node object is gone. */
  readonly exists: boolean;
  readonly isReady: boolean;
  /** Tainted node.kubernetes.io/out-of-service: its owner says that nothing runs there. */
  readonly isOutOfService: boolean;
  readonly isCordoned: boolean;
};

export type VolumeView = {
  /** Of the PersistentVolumeClaim: data-NAME-0. */
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly phase: 'Pending' | 'Bound' | 'Lost';
  readonly requestedBytes: number;
  readonly capacityBytes: number | null;
  /** The claim's status asks for a pod restart to finish its growth. */
  readonly needsPodRestart: boolean;
  readonly canExpand: boolean;
  readonly isTerminating: boolean;
  /** Kept for its user after its member was removed: never used again, never destroyed. */
  readonly isReleased: boolean;
  /** Where it was made, by the annotation volume.kubernetes.io/selected-node; null when that is not said. */
  readonly selectedNode: NodeView | null;
  /** Annotations by which a volume may be known, and destroyed: docs/contract.md, "Destroying a volume". */
  readonly incarnation: string | null;
  readonly clusterId: string | null;
  readonly memberId: number | null;
  /** UID of the RaftCluster for which it was made; another one's volume is adopted or left, never wiped. */
  readonly ownerUid: string | null;
};
