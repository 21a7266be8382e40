/** A RaftCluster, as it lies in the API server: group quorate.dev, version v1. */
import type { RaftClusterSpec } from './spec.ts';
import type { RaftClusterStatus } from './status.ts';

export type { RaftClusterSpec, RaftClusterSpecInput } from './spec.ts';
export type { Condition, ConditionType, MemberStatus, RaftClusterStatus } from './status.ts';
export { conditionTypes } from './status.ts';

export const group = 'quorate.dev';
export const apiVersion = 'quorate.dev/v1';
export const kind = 'RaftCluster';
export const plural = 'raftclusters';
/** Deletion waits for the operator, which applies the policy for the volumes first. */
export const finalizer = 'quorate.dev/volumes';

export type RaftCluster = {
  readonly apiVersion: typeof apiVersion;
  readonly kind: typeof kind;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: RaftClusterSpec;
  readonly status: RaftClusterStatus;
};
