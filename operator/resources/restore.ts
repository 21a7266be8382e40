/**
 * What the founding members need to start from a snapshot. It is no longer in the pod template once the cluster has
 * formed.
 */
import { fetchedSnapshot, restoreFolder } from '../api/restore.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Pod } from '../kube/kinds.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Container = PodSpec['containers'][number];

export type RestoreParts = {
  readonly volumes: NonNullable<PodSpec['volumes']>;
  readonly mounts: NonNullable<Container['volumeMounts']>;
  /** Fetches the snapshot before the member starts. */
  readonly fetch: { readonly args: readonly string[] } | null;
};

export const nothingToRestore: RestoreParts = { volumes: [], mounts: [], fetch: null };
const volume = 'quorate-restore';

export function restoreParts(cluster: RaftCluster): RestoreParts {
  const restore = cluster.spec.bootstrap?.restore;
  if (restore === undefined || cluster.status.hasFormed === true) return nothingToRestore;
  if (restore.volume !== undefined) {
    return {
      volumes: [{ name: volume, persistentVolumeClaim: { claimName: restore.volume.claimName, readOnly: true } }],
      mounts: [{ name: volume, mountPath: restoreFolder, readOnly: true }],
      fetch: null,
    };
  }
  if (restore.url === undefined) return nothingToRestore;
  return {
    // Limits the download: a snapshot that does not fit the member's volume must not fill the node's disk first.
    volumes: [{ name: volume, emptyDir: { sizeLimit: cluster.spec.storage.size } }],
    mounts: [{ name: volume, mountPath: restoreFolder }],
    fetch: { args: ['snapshot', 'fetch', restore.url, fetchedSnapshot] },
  };
}
