/** What the builders know beside spec and shape, and what they make. */
import type { SetName } from '../api/names.ts';
import type { Kind, KubeObject } from '../kube/types.ts';

export type ResourceContext = {
  /**
   * The StatefulSets as they are; null for one that is not there. Their size and their claims stay what they are: the
   * first is changed by an act of its own, the second cannot be changed.
   */
  readonly sets: Readonly<Record<SetName, LiveSet | null>>;
  /** Pod of `Shape.leaderPod`; null when it is not known, or has no address. */
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

/** An object as it shall be, for server-side apply to its kind. */
export type ChildObject<T extends KubeObject = KubeObject> = { readonly kind: Kind<T>; readonly object: T };
