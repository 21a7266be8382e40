/** Makes the data folders of a new cluster that begins with a snapshot's content, before any of its members runs. */
import type { ClusterId, DataFolder, FoundingRecord } from '../storage/types.ts';

export type NewMember = { readonly name: string; readonly peerAddress: string };

/**
 * Makes the data folders of a new cluster that begins with a snapshot's content. Its revisions go on above the
 * snapshot's, so that no client takes one cluster for the other.
 *
 * @param file absolute path of the snapshot, on the disk of every folder
 * @param clusterId of the new cluster
 * @param members whose folders are empty
 * @throws GrantConflict when a folder holds a member already
 * @throws SnapshotDamaged, NewerFormat
 */
export async function restoreFolders<M extends NewMember>(
  file: string,
  clusterId: ClusterId,
  members: readonly { readonly member: M; readonly folder: DataFolder }[],
  onRestored: (member: M) => void,
): Promise<void> {
  const record: FoundingRecord = {
    clusterId,
    founders: members.map(({ member, folder }, index) => ({
      id: index + 1,
      name: member.name,
      peerAddress: member.peerAddress,
      incarnation: folder.identity.incarnation,
    })),
    snapshotPath: file,
  };
  for (const [index, { member, folder }] of members.entries()) {
    await folder.acceptFounding(record, index + 1);
    onRestored(member);
  }
}
