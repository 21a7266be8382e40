/** What a pass decides: at most one act on members, pods and volumes, and the shape of the child objects. */
import type { ApiBootstrap, ApiJoin } from '../../client/types.ts';
import type { SetName } from '../api/names.ts';
import type { RaftClusterStatus } from '../api/types.ts';

export type Decision = {
  /** The one thing to do now, or null: wait, or nothing to do. */
  readonly act: Act | null;
  readonly plan: Plan;
  readonly shape: Shape;
  /** When to look again though nothing has changed; null: an event will wake us. */
  readonly requeueAfterMs: number | null;
};

/** Shown to users as `status.plan`. */
export type Plan = {
  /** Kind of the act, or `Wait`, `Steady`. */
  readonly action: string;
  /** Member, pod, volume: what it touches; empty for none. */
  readonly subject: string;
  /** A sentence: why this, why now. */
  readonly reason: string;
  /** Sentences: what keeps it from going on; empty when nothing does. */
  readonly blockers: readonly string[];
};

/** What the child objects are built from, beside the spec. */
export type Shape = {
  readonly image: string;
  /** Replicas with which a StatefulSet is created; a live one is changed by `ScaleSet` alone. */
  readonly setReplicas: Readonly<Record<SetName, number>>;
  /** Of the PodDisruptionBudget; null: there shall be none. */
  readonly minAvailable: number | null;
  /** Pods by name whose role label shall be this; null: none. Others keep what they have, since nobody knows. */
  readonly roleLabels: Readonly<Record<string, 'voter' | 'learner' | null>>;
  /** Pod name of the leader, for the leader's EndpointSlice; null when unknown. */
  readonly leaderPod: string | null;
  /** False: child objects stay as they are (paused, deleting, identity in doubt). */
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
  | { readonly kind: 'Record'; readonly status: Partial<RaftClusterStatus>; readonly event: ActEvent | null }
  | { readonly kind: 'Bootstrap'; readonly record: ApiBootstrap; readonly slots: readonly string[] }
  | {
      readonly kind: 'AddLearner';
      readonly slot: string;
      readonly peerAddress: string;
      readonly incarnation: string;
      readonly expectedConfigIndex: number;
    }
  /** Tells the new member of slot what cluster it belongs to. */
  | { readonly kind: 'Join'; readonly slot: string; readonly record: ApiJoin }
  | { readonly kind: 'Promote'; readonly memberId: number; readonly name: string; readonly expectedConfigIndex: number }
  /** One joint change to exactly these voters. */
  | { readonly kind: 'SetVoters'; readonly voters: readonly number[]; readonly expectedConfigIndex: number }
  | { readonly kind: 'TransferLeader'; readonly to: number; readonly toName: string }
  | {
      readonly kind: 'RemoveMember';
      readonly memberId: number;
      readonly name: string;
      readonly incarnation: string;
      readonly expectedConfigIndex: number;
    }
  /** Ties the volume to the data that is in it. */
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
  /** Of a member that was removed, with the policy Retain: annotated, then never used again and never destroyed. */
  | { readonly kind: 'ReleaseVolume'; readonly volume: VolumeRef }
  | { readonly kind: 'GrowVolume'; readonly volume: VolumeRef; readonly size: string }
  | {
      readonly kind: 'ScaleSet';
      readonly set: SetName;
      readonly replicas: number;
      /** `spec.ordinals.start`: lets a survivor run alone, whatever its ordinal. */
      readonly start: number;
      readonly resourceVersion: string;
    }
  /** Through the Eviction API: the API server arbitrates between us and a drain. */
  | { readonly kind: 'EvictPod'; readonly pod: PodRef }
  /** `force`: without grace, for a pod whose node is out of service or gone. */
  | { readonly kind: 'DeletePod'; readonly pod: PodRef; readonly force: boolean }
  | { readonly kind: 'RecoverQuorum'; readonly slot: string; readonly clusterId: string; readonly nonce: string }
  /** Of a RaftCluster that is deleted with the policy Delete: all go together, so no member is asked. */
  | { readonly kind: 'DisposeVolume'; readonly volume: VolumeRef; readonly ownerUid: string }
  /** The first of all acts, before there is anything to clean up. */
  | { readonly kind: 'AddFinalizer' }
  /** The last step of a deletion. */
  | { readonly kind: 'RemoveFinalizer' };

export type VolumeRef = { readonly name: string; readonly uid: string; readonly resourceVersion: string };
export type PodRef = { readonly name: string; readonly uid: string; readonly resourceVersion: string };
export type ActEvent = { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };
