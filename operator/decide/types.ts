/** What a pass decides: at most one act on members, pods and volumes, and the shape of the child objects. */
import type { ApiBootstrap, ApiJoin } from '../../client/types.ts';
import type { SetName } from '../api/names.ts';
import type { RaftClusterStatus } from '../api/types.ts';

export type Decision = {
  /** The one thing to do now; null when there is nothing to do but to wait, or nothing at all. */
  readonly act: Act | null;
  readonly plan: Plan;
  readonly shape: Shape;
  /** When to look again though nothing has changed; null when a change in Kubernetes will tell. */
  readonly requeueAfterMs: number | null;
};

/** Shown to users as `status.plan`. */
export type Plan = {
  /** The kind of the act, or `Wait`, or `Steady`. */
  readonly action: string;
  /** The member, pod or volume that it touches; empty when it touches none. */
  readonly subject: string;
  /** A sentence that says why this is next, and why now. */
  readonly reason: string;
  /** Sentences that say what keeps it from going on; empty when nothing does. */
  readonly blockers: readonly string[];
};

/** What the child objects are built from, beside the spec. */
export type Shape = {
  readonly image: string;
  /** The size with which a StatefulSet is created; the size of one that is there is changed by `ScaleSet` alone. */
  readonly setReplicas: Readonly<Record<SetName, number>>;
  /** What the PodDisruptionBudget demands; null when there shall be none. */
  readonly minAvailable: number | null;
  /**
   * The role label that each of these pods shall have; null for none. Pods that are not named keep what they have,
   * since nobody knows.
   */
  readonly roleLabels: Readonly<Record<string, 'voter' | 'learner' | null>>;
  /** The name of the leader's pod, for the leader's EndpointSlice; null when it is not known. */
  readonly leaderPod: string | null;
  /** False when child objects stay as they are: while it is paused or deleted, or its identity is in doubt. */
  readonly mayApply: boolean;
};

/**
 * Each carries what makes a late or doubled one fail: uid and resourceVersion for Kubernetes, the expected config index
 * for membership, the whole record for forming.
 */
export type Act =
  /**
   * Writes intentions to status, before the acts that they announce. Fields given replace those there, as a whole; a
   * field given as undefined is removed.
   */
  | { readonly kind: 'Record'; readonly status: Partial<RaftClusterStatus>; readonly event: ActEvent }
  | { readonly kind: 'Bootstrap'; readonly record: ApiBootstrap; readonly slots: readonly string[] }
  | {
      readonly kind: 'AddLearner';
      readonly slot: string;
      readonly peerAddress: string;
      readonly incarnation: string;
      readonly expectedConfigIndex: number;
    }
  /** Tells the new member in this slot to which cluster it belongs. */
  | { readonly kind: 'Join'; readonly slot: string; readonly record: ApiJoin }
  | { readonly kind: 'Promote'; readonly memberId: number; readonly name: string; readonly expectedConfigIndex: number }
  /** Makes exactly these members the voters, in one joint change. */
  | { readonly kind: 'SetVoters'; readonly voters: readonly number[]; readonly expectedConfigIndex: number }
  | { readonly kind: 'TransferLeader'; readonly to: number; readonly toName: string }
  | {
      readonly kind: 'RemoveMember';
      readonly memberId: number;
      readonly name: string;
      readonly incarnation: string;
      readonly expectedConfigIndex: number;
    }
  /** Annotates the volume with what is in it: whose data, of which cluster. */
  | {
      readonly kind: 'MarkVolume';
      readonly volume: VolumeRef;
      readonly incarnation: string;
      readonly clusterId: string | null;
      readonly memberId: number | null;
    }
  /** Only after a linearizable read, under `clusterId`, that does not hold `incarnation`: the actor reads once more. */
  | {
      readonly kind: 'DeleteVolume';
      readonly volume: VolumeRef;
      readonly incarnation: string;
      readonly clusterId: string;
    }
  /**
   * Annotates the volume of a member that was removed, with the policy Retain: it is never used again and never
   * destroyed.
   */
  | { readonly kind: 'ReleaseVolume'; readonly volume: VolumeRef }
  | { readonly kind: 'GrowVolume'; readonly volume: VolumeRef; readonly size: string }
  | {
      readonly kind: 'ScaleSet';
      readonly set: SetName;
      readonly replicas: number;
      /** The value of `spec.ordinals.start`, by which a survivor can run alone, whatever its ordinal. */
      readonly start: number;
      readonly resourceVersion: string;
    }
  /** Goes through the Eviction API, where the API server arbitrates between the operator and a drain. */
  | { readonly kind: 'EvictPod'; readonly pod: PodRef }
  /** With `force` the pod is removed without grace, because its node is out of service or gone. */
  | { readonly kind: 'DeletePod'; readonly pod: PodRef; readonly force: boolean }
  | { readonly kind: 'RecoverQuorum'; readonly slot: string; readonly clusterId: string; readonly nonce: string }
  /**
   * Deletes a volume of a RaftCluster that is deleted with the policy Delete: all go together, so no member is asked.
   */
  | { readonly kind: 'DisposeVolume'; readonly volume: VolumeRef; readonly ownerUid: string }
  /** Nobody waits for the others any more: all go together, by somebody else's hand. */
  | { readonly kind: 'LetStop'; readonly slots: readonly string[] }
  /** The first of all acts, before there is anything to clean up. */
  | { readonly kind: 'AddFinalizer' }
  /** The last step of a deletion. */
  | { readonly kind: 'RemoveFinalizer' };

export type VolumeRef = { readonly name: string; readonly uid: string; readonly resourceVersion: string };
export type PodRef = { readonly name: string; readonly uid: string; readonly resourceVersion: string };
export type ActEvent = { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };
