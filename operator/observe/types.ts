/**
 * Everything that a pass of the operator knows: read from Kubernetes and from the members, then frozen. `decide`,
 * `resources` and `status` see nothing else, so a decision can be replayed from one value.
 *
 * A slot is a place for one member: an ordinal of one of the two StatefulSets. Its pod and its volume come and go; the
 * member that lives in it is known by the incarnation of the volume, never by the ordinal.
 */

import type { ApiCluster, ApiStatus } from '../../client/types.ts';
import type { SetName } from '../api/names.ts';
import type { RefusedWrite } from '../api/refused-write.ts';
import type { RaftCluster } from '../api/types.ts';

export type Observed = {
  /** The wall clock of this pass. Thresholds compare it with times written in objects. */
  readonly nowMs: number;
  readonly cluster: RaftCluster;
  /** The operator's own image: clusters that name none run it, once it is their turn. */
  readonly operatorImage: string;
  /** Hashes of the pod templates that there shall be, with the image in status. A pod with another hash is outdated. */
  readonly templateHashes: Readonly<Record<SetName, string>>;
  readonly sets: Readonly<Record<SetName, SetView | null>>;
  /** All slots that have a pod, a volume, or are asked for by a StatefulSet; sorted by set and ordinal. */
  readonly slots: readonly Slot[];
  /**
   * Read linearizably from a member of the cluster id in status or, without one there, of the only one that was seen. Null
   * when nobody could answer.
   */
  readonly configuration: ApiCluster | null;
  /** Why there is no configuration, for the reader. */
  readonly configurationError: string | null;
  /** Whether the members hold the same keys, as they told. */
  readonly comparison: Comparison;
  readonly pdb: { readonly minAvailable: number; readonly disruptionsAllowed: number } | null;
  /** The objects that the API server refuses to write, as far as is known. */
  readonly refused: readonly RefusedWrite[];
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
  /**
   * Alerts about the members of all clusters. A cluster that leaves them to Auto then brings none, or all would be told
   * twice.
   */
  readonly chartBringsAlerts: boolean;
};

export type SetView = {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly replicas: number;
  /** The value of `spec.ordinals.start`, which is not 0 only while all but one member are kept stopped. */
  readonly start: number;
  /** The template's hash, from the annotation in its pod template. */
  readonly templateHash: string | null;
  /** Whether its controller has seen its present generation, so that a pod made from now on has this template. */
  readonly isObserved: boolean;
  /** The uid of the RaftCluster that controls it; null when none does. */
  readonly ownerUid: string | null;
  readonly isTerminating: boolean;
};

export type Slot = {
  readonly set: SetName;
  readonly ordinal: number;
  /** The name of the pod and of the member in it, as NAME-0 or NAME-read-0. */
  readonly name: string;
  /** As the configuration has it: HOST:PORT, under the headless Service. */
  readonly peerAddress: string;
  readonly pod: PodView | null;
  readonly volume: VolumeView | null;
  /** What the member in the pod says of itself; null without a pod that could be asked. */
  readonly report: MemberReport | null;
};

export type MemberReport =
  | { readonly kind: 'Answered'; readonly status: ApiStatus }
  /** `isOpening`: it is alive, and says on its health port that it still opens its data. */
  | { readonly kind: 'Unreachable'; readonly error: string; readonly isOpening?: true };

export type PodView = {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The uid of the StatefulSet that controls it, which may be gone; null when none does. */
  readonly setUid: string | null;
  /** The hash of the template that it was made from. When it is not the desired one, the pod is outdated. */
  readonly templateHash: string | null;
  readonly image: string | null;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly isReady: boolean;
  readonly readyChangedMs: number | null;
  readonly createdMs: number;
  /** The time by which it should have been gone; null unless it is being deleted. */
  readonly deletionDueMs: number | null;
  /** Why the member's container waits, as ImagePullBackOff or CrashLoopBackOff; null when it does not. */
  readonly waitingReason: string | null;
  /** The scheduler's words when it finds no node; null otherwise. */
  readonly unschedulable: string | null;
  readonly node: NodeView | null;
  /** `voter` or `learner` as the PodDisruptionBudget counts it; null on a new pod. */
  readonly roleLabel: string | null;
};

export type NodeView = {
  readonly name: string;
  /** From its label topology.kubernetes.io/zone. */
  readonly zone?: string | undefined;
  /** False when the Node object is gone. */
  readonly exists: boolean;
  readonly isReady: boolean;
  /** Whether it is tainted node.kubernetes.io/out-of-service, by which its owner says that nothing runs there. */
  readonly isOutOfService: boolean;
  /** Or marked by who takes nodes away: its pods are about to be evicted. */
  readonly isCordoned: boolean;
};

export type VolumeView = {
  /** The name of the PersistentVolumeClaim, as data-NAME-0. */
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly phase: 'Pending' | 'Bound' | 'Lost';
  /** False: it was found by its name alone, since its label does not name this RaftCluster. */
  readonly isLabelled: boolean;
  readonly requestedBytes: number;
  readonly capacityBytes: number | null;
  /** The claim's status asks for a pod restart to finish its growth. */
  readonly needsPodRestart: boolean;
  readonly canExpand: boolean;
  readonly isTerminating: boolean;
  /** Whether it is kept for its user after its member was removed: it is never used again and never destroyed. */
  readonly isReleased: boolean;
  /** Where it was made, by the annotation volume.kubernetes.io/selected-node; null when that is not said. */
  readonly selectedNode: NodeView | null;
  /** Annotations by which a volume may be known, and destroyed: docs/contract.md, "Destroying a volume". */
  readonly incarnation: string | null;
  readonly clusterId: string | null;
  readonly memberId: number | null;
  /** The uid of the RaftCluster for which it was made. The volume of another one is adopted or left, never wiped. */
  readonly ownerUid: string | null;
};
