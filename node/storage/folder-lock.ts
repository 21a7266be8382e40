/**
 * Keeps two processes out of one data folder. The lock is the kernel's own, on a file in the folder, taken through
 * SQLite, which Node brings along: it ends with its process however that dies, and holds between containers that share
 * a volume. A file with a process id would do neither (ids repeat, and every container counts its own), a socket in the
 * abstract namespace would not reach beyond one network namespace. The file stays empty: nothing is ever written to it.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DataFolderInUse } from './errors.ts';

export type FolderLock = {
  /** The next process may open the folder. */
  release(): Promise<void>;
};

/**
 * Makes the folder when absent.
 *
 * @throws DataFolderInUse
 */
export async function lockDataFolder(folder: string): Promise<FolderLock> {
  await makeFolder(folder);
  const database = new DatabaseSync(join(folder, 'lock'));
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw new DataFolderInUse(folder);
    throw error;
  }
  held.add(database);
  const release = async (): Promise<void> => {
    if (held.delete(database)) database.close();
  };
  return { release };
}

/** A lock that its owner forgets must not end with a garbage collection. */
const held = new Set<DatabaseSync>();

const SQLITE_BUSY = 5;

/** Node's own recursive mkdir tries for ever where nothing can be made, as below /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || dirname(folder) === folder) throw error;
      await makeFolder(dirname(folder));
      await mkdir(folder);
    });
  } catch (error) {
    const present = await stat(folder).catch(() => null);
    if (!present?.isDirectory()) throw error;
  }
}
