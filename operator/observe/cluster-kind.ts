/** RaftClusters as the API server hands them out, and as the operator reads them. */

import { raftClusterSpec } from '../api/spec.ts';
import { apiVersion, group, kind, plural, type RaftCluster, type RaftClusterStatus } from '../api/types.ts';
import type { Kind, KubeObject, ObjectName, Stored } from '../kube/types.ts';

export interface RaftClusterObject extends KubeObject {
  readonly spec?: unknown;
  /** Absent until the first pass has written one. */
  readonly status?: RaftClusterStatus | undefined;
}

export const raftClusterKind: Kind<RaftClusterObject> = { apiVersion, kind, plural, namespaced: true };

export const clusterEventSubject = ({ namespace, name, uid }: ObjectName & { readonly uid: string }) => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { namespace, name, uid },
});

/** A spec that this operator does not understand: written past an older CRD, or for a newer operator. */
export class SpecNotUnderstood extends Error {
  constructor(problems: readonly string[]) {
    super(`the spec is not understood: ${problems.join('; ')}`);
    this.name = 'SpecNotUnderstood';
  }
}

/**
 * With every default, also those of fields that its CRD did not have yet when it was stored.
 *
 * @throws SpecNotUnderstood
 */
export function readCluster(object: Stored<RaftClusterObject>): RaftCluster {
  const spec = raftClusterSpec.safeParse(object.spec ?? {});
  if (!spec.success) {
    throw new SpecNotUnderstood(spec.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
  }
  const { name, namespace = '', uid, resourceVersion, generation = 1, creationTimestamp = '' } = object.metadata;
  const { deletionTimestamp, finalizers, labels, annotations } = object.metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      generation,
      creationTimestamp,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: spec.data,
    status: object.status ?? {},
  };
}
