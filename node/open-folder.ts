/** A member's data folder on this machine's disk, with RocksDB for its state. */
import { randomBytes } from 'node:crypto';
import { describeState, initializeState } from './server/initial-state.ts';
import { openDataFolder } from './storage/data-folder.ts';
import { openRocksDbEngine } from './storage/rocksdb-engine.ts';
import { systemDisk } from './storage/system-disk.ts';
import type { DataFolder } from './storage/types.ts';

/** Makes it when absent. Whoever opens it must hold its lock (storage/folder-lock.ts). */
export function openFolder(folder: string): Promise<DataFolder> {
  return openDataFolder({
    disk: systemDisk,
    folder,
    openEngine: openRocksDbEngine,
    initializeState,
    describeState,
    drawIncarnation: () => randomBytes(16).toString('hex'),
  });
}
