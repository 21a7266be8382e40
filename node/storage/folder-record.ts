/**
 * The one record that says what a data folder is: its incarnation, what it was granted, and which state is current.
 * It is one file, so that a grant and the state that it begins with become durable in the same moment.
 */
import { join } from 'node:path';
import type { HardState } from '../raft/types.ts';
import type { Disk } from './disk.ts';
import { decodeRecord, encodeRecord, readWholeFile, writeRecordFile } from './record-file.ts';
import type { Identity, LogPosition } from './types.ts';

export const FOLDER_FORMAT = 1;
export const RECORD_NAME = 'identity';

/** The applied state, and the log that goes on after it. */
export type CurrentState = {
  /** Name of the engine's folder. */
  readonly folder: string;
  /** What the state stood for when it was put in place; it has been applied to since. */
  readonly position: LogPosition;
  /** What the log restarts with. */
  readonly hardState: HardState;
  /** False from the moment the state became current until the log goes on after `position`. */
  readonly isLogRestarted: boolean;
};

/** `current` is null until founded, joined with a snapshot, or recovered. */
export type FolderRecord = { readonly identity: Identity; readonly current: CurrentState | null };

export function encodeFolderRecord(record: FolderRecord): Buffer {
  return encodeRecord(record, FOLDER_FORMAT);
}

/**
 * Null when there is none.
 *
 * @throws DataDamaged
 * @throws NewerFormat
 */
export async function readFolderRecord(disk: Disk, folder: string): Promise<FolderRecord | null> {
  const path = join(folder, RECORD_NAME);
  const bytes = await readWholeFile(disk, path);
  return bytes === null ? null : (decodeRecord(path, bytes, FOLDER_FORMAT) as FolderRecord);
}

export function writeFolderRecord(disk: Disk, folder: string, record: FolderRecord): Promise<void> {
  return writeRecordFile(disk, folder, RECORD_NAME, encodeFolderRecord(record));
}
