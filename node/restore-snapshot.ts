/** From a snapshot file to the data folders of a new cluster, before any of its members runs. */
import { randomBytes } from 'node:crypto';
import { restoreFolders } from './server/restored-folders.ts';
import { type FolderLock, lockDataFolder } from './storage/folder-lock.ts';
import { type SnapshotSummary, verifySnapshotFile } from './storage/snapshot-file.ts';
import { systemDisk } from './storage/system-disk.ts';
import type { DataFolder } from './storage/types.ts';

export type { SnapshotSummary };

export type RestoredMember = { readonly name: string; readonly peerAddress: string; readonly folder: string };

/**
 * Reads the whole file and checks every hash in it.
 *
 * @throws SnapshotDamaged, NewerFormat
 */
export function verifySnapshot(file: string): Promise<SnapshotSummary> {
  return verifySnapshotFile(systemDisk, file);
}

/**
 * Makes the folders of all members of a new cluster that begins with the snapshot's content. Its cluster id is new, and
 * its revisions go on above the old ones, so that no client takes one cluster for the other.
 *
 * @param file absolute
 * @returns the cluster id
 * @throws GrantConflict when a folder holds a member already
 */
export async function restoreSnapshot(
  file: string,
  members: readonly RestoredMember[],
  onRestored: (member: RestoredMember) => void,
): Promise<string> {
  // RocksDB's binding is needed here, and not to verify a file.
  const { openFolder } = await import('./open-folder.ts');
  const opened: { readonly member: RestoredMember; readonly folder: DataFolder; readonly lock: FolderLock }[] = [];
  try {
    for (const member of members) {
      const lock = await lockDataFolder(member.folder);
      opened.push({ member, lock, folder: await openFolder(member.folder) });
    }
    const clusterId = randomBytes(8).toString('hex');
    await restoreFolders(file, clusterId, opened, onRestored);
    return clusterId;
  } finally {
    for (const { folder, lock } of opened) {
      await folder.close();
      await lock.release();
    }
  }
}
