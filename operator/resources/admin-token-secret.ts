/** The Secret with the token that administrative calls to the members must carry. */
import { adminTokenSecret } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Secret } from '../kube/kinds.ts';
import { childMeta } from './child-meta.ts';

/**
 * Create this Secret once and never apply it again: an apply would replace the token that members and operator already
 * use.
 */
export function adminTokenSecretOf(cluster: RaftCluster, token: string): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: childMeta(cluster, adminTokenSecret(cluster.metadata.name)),
    type: 'Opaque',
    stringData: { token },
  };
}
