/** Where the snapshot that a cluster is formed from lies in the pods of its founders. */
import type { RaftCluster } from './types.ts';

export const restoreFolder = '/restore';
/** Of one that came from a URL. */
export const fetchedSnapshot: string = `${restoreFolder}/snapshot`;

/** `snapshot_path` of the founding record; null for a cluster that begins empty. */
export function snapshotPath(cluster: RaftCluster): string | null {
  const restore = cluster.spec.bootstrap?.restore;
  if (restore?.volume !== undefined) return `${restoreFolder}/${restore.volume.path}`;
  return restore?.url === undefined ? null : fetchedSnapshot;
}
