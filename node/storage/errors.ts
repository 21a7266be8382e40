/** What storage refuses, in words for the operator of a member: what happened, to which file, what to do. */

import type { Identity } from './types.ts';

/** Bytes that were durable are not what was written. The member must not serve or vote with this folder. */
export class DataDamaged extends Error {
  readonly file: string;
  readonly offset: number;
  /** Whose folder it is, when that could still be read: a parked member says so in its status. */
  identity: Identity | null = null;
  constructor(file: string, offset: number, what: string, options?: ErrorOptions) {
    super(
      `${file} is damaged at byte ${offset}: ${what}. Do not repair it by hand: remove this member, ` +
        'give it an empty data folder and add it again',
      options,
    );
    this.name = 'DataDamaged';
    this.file = file;
    this.offset = offset;
  }
}

/** Written by a later version of Quorate. */
export class NewerFormat extends Error {
  readonly file: string;
  /** As in `DataDamaged`. */
  identity: Identity | null = null;
  constructor(file: string, found: number, supported: number) {
    super(
      `${file} has format ${found}, this version reads up to ${supported}: ` +
        'start the version that wrote it, or a later one',
    );
    this.name = 'NewerFormat';
    this.file = file;
  }
}

/** A founding, join or recovery record that contradicts what this folder has accepted, or what it is. */
export class GrantConflict extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'GrantConflict';
  }
}

export class DataFolderInUse extends Error {
  constructor(folder: string) {
    super(`the data folder ${folder} is in use by another process: stop that one, or choose another folder`);
    this.name = 'DataFolderInUse';
  }
}

/** A chunk or file of a snapshot is not what its sender or writer made. */
export class SnapshotDamaged extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SnapshotDamaged';
  }
}

/** The log could not write or sync and takes nothing more: only a restart tells what is durable. */
export class LogFailed extends Error {
  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`the log could not be written (${reason}): this process must end, a restart finds out what is durable`, {
      cause,
    });
    this.name = 'LogFailed';
  }
}
