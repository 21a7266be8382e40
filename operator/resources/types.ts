/** What the builders of child objects read besides spec and shape, and what they return. */
import type { SetName } from '../api/names.ts';
import type { Kind, KubeObject } from '../kube/types.ts';

export type ResourceContext = {
  /**
   * The live StatefulSets; null for one that does not exist. The builders keep the size and the claim templates of a
   * live StatefulSet: an act of its own changes the size, and Kubernetes forbids a change of the claim templates.
   */
  readonly sets: Readonly<Record<SetName, LiveSet | null>>;
  /** The pod that `Shape.leaderPod` names; null if there is none, or if it has no IP address yet. */
  readonly leader: LeaderAddress | null;
  readonly hasPodMonitors: boolean;
  readonly hasPrometheusRules: boolean;
  readonly hasGrafanaDashboards: boolean;
  readonly chartBringsAlerts: boolean;
};

export type LiveSet = {
  readonly replicas: number;
  /** `spec.ordinals.start`, 0 when absent. */
  readonly start: number;
  /** `spec.volumeClaimTemplates[0].spec.resources.requests.storage`. */
  readonly claimSize: string;
};

export type LeaderAddress = {
  readonly podName: string;
  readonly podUid: string;
  readonly ip: string;
  readonly nodeName: string | null;
};

/** The desired state of one object, for server-side apply. */
export type ChildObject<T extends KubeObject = KubeObject> = { readonly kind: Kind<T>; readonly object: T };
