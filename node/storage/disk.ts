/**
 * The few file operations that the log and the identity records need, so that a simulated disk can lose what was
 * not synced, tear the last write, flip bits and run full. Paths are absolute. Errors carry `code` as Node's do
 * (ENOENT, EEXIST, ENOSPC, EIO).
 */

export interface DiskFile {
  /**
   * Writes all of it at `position`, or throws. Not durable until `sync`; a crash before that leaves each byte old or
   * new. The chunks are the caller's again once it resolves.
   */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /** Shorter than `length` only at the end of the file. */
  read(position: number, length: number): Promise<Buffer>;
  /** fdatasync: the content and what is needed to read it back. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export interface Disk {
  /** Creates with `create`, and then fails with EEXIST if it is there. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile>;
  /** Names in a folder, sorted; ENOENT when there is none. */
  list(folder: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Removes it with everything in it; it is no error when there is none. */
  removeFolder(folder: string): Promise<void>;
  /** Makes it, and the folders above it. */
  makeFolder(folder: string): Promise<void>;
  /** Makes creations, renames and removals in the folder durable. */
  syncFolder(folder: string): Promise<void>;
  freeBytes(folder: string): Promise<number>;
}
