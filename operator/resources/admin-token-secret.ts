/** The token that guards the members' administrative calls, in its Secret. */
import { adminTokenSecret } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Secret } from '../kube/kinds.ts';
import { childMeta } from './child-meta.ts';

/** To be created once, never applied again: members and the operator read the token that is there. */
export function adminTokenSecretOf(cluster: RaftCluster, token: string): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: childMeta(cluster, adminTokenSecret(cluster.metadata.name)),
    type: 'Opaque',
    stringData: { token },
  };
}
