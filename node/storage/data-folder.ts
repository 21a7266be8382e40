/**
 * A member's data folder:
 *
 *   identity        who this member is, what it was granted, which state is current (folder-record.ts)
 *   log/            the Raft log (log/)
 *   state-N/        the applied state, an engine; others than the current one are being made or removed
 *
 * What start does with every combination that a crash can leave: start-plan.ts.
 */
import { dirname, join } from 'node:path';
import type { Entry, HardState } from '../raft/types.ts';
import type { Engine, EngineReader, EngineSnapshot } from '../store/engine.ts';
import { DamagedRecord } from '../store/errors.ts';
import { Exclusive } from '../store/exclusive.ts';
import type { Disk } from './disk.ts';
import { DataDamaged, NewerFormat, SnapshotDamaged } from './errors.ts';
import { FOLDER_FORMAT, type FolderRecord, RECORD_NAME, readFolderRecord, writeFolderRecord } from './folder-record.ts';
import { clusterIdOf, grantFounding, grantJoin, grantRecovery } from './grants.ts';
import { StagedSnapshot, type StagedState, type StateDescription } from './incoming-snapshot.ts';
import { type OpenedLog, openLog } from './log/open-log.ts';
import type { SegmentLog } from './log/segment-log.ts';
import { EngineSnapshotSource } from './snapshot-source.ts';
import { checkApplied, planStart } from './start-plan.ts';
import { StateFolders, stateFoldersAmong } from './state-folders.ts';
import { type RowPages, rowsOf, rowsOfSnapshotFile } from './state-rows.ts';
import type {
  DataFolder,
  FoundingRecord,
  Identity,
  IncomingSnapshot,
  JoinRecord,
  LogPosition,
  RaftLog,
  RecoveryRecord,
  RestoredLog,
  SnapshotHeader,
  SnapshotSource,
} from './types.ts';

/** What a new state begins with: all rows of a backup, of the survivor, or none. */
export type StateOrigin =
  | { readonly kind: 'Founding'; readonly record: FoundingRecord; readonly memberId: number }
  | {
      readonly kind: 'Recovery';
      readonly record: RecoveryRecord;
      readonly memberId: number;
      /** Entries that must be applied to the rows first. */
      readonly tail: readonly Entry[];
    };

export type DataFolderOptions = {
  readonly disk: Disk;
  readonly folder: string;
  /** Opens the engine in this folder, which is there, and makes it when the folder is empty. */
  readonly openEngine: (folder: string) => Promise<Engine>;
  /** Turns the rows of an engine, none for a new cluster, into the state that a cluster begins with. */
  readonly initializeState: (engine: Engine, origin: StateOrigin) => Promise<void>;
  /** Reads from its own rows what a state stands for; throws when they are not there. */
  readonly describeState: (reader: EngineReader) => Promise<StateDescription>;
  /** 32 random hexadecimal digits. */
  readonly drawIncarnation: () => string;
  readonly maxLogSegmentBytes?: number;
};

const DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024;

/**
 * Opens the folder, makes it when absent. Whoever calls holds its lock (folder-lock.ts).
 *
 * @throws DataDamaged
 * @throws NewerFormat
 */
export async function openDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  const { disk, folder } = options;
  await disk.makeFolder(folder);
  const record = await readFolderRecord(disk, folder);
  const names = await disk.list(folder);
  const found = { stateFolders: stateFoldersAmong(names), hasLog: names.includes(LOG_FOLDER) };
  if (record === null) {
    const plan = planStart({ record, ...found, base: NOWHERE });
    if (plan.kind === 'Refuse') throw new DataDamaged(join(folder, RECORD_NAME), 0, plan.what);
    await syncParents(disk, folder);
    return openRecorded(options, await drawRecord(options), found);
  }
  try {
    // A process that died before its sync may have left this record in the kernel's memory only. Were it lost later, its
    // predecessor would come back, and with it the order to restart a log that has acknowledged entries by then.
    await disk.syncFolder(folder);
    return await openRecorded(options, record, found);
  } catch (error) {
    if (error instanceof DataDamaged || error instanceof NewerFormat) error.identity = record.identity;
    throw error;
  }
}

async function openRecorded(
  options: DataFolderOptions,
  record: FolderRecord,
  found: { readonly stateFolders: readonly string[]; readonly hasLog: boolean },
): Promise<DataFolder> {
  const { disk, folder, maxLogSegmentBytes = DEFAULT_SEGMENT_BYTES } = options;
  const opened = await openLog({
    disk,
    folder: join(folder, LOG_FOLDER),
    incarnation: record.identity.incarnation,
    maxSegmentBytes: maxLogSegmentBytes,
  });
  const open = new OpenDataFolder(options, record, opened, found.stateFolders);
  try {
    const plan = planStart({ record, ...found, base: opened.restored.base });
    if (plan.kind === 'Refuse') throw new DataDamaged(join(folder, RECORD_NAME), 0, plan.what);
    if (plan.kind !== 'DrawIncarnation') await open.start(plan.kind === 'RestartLog', plan.remove);
    return open;
  } catch (error) {
    await open.close();
    throw error;
  }
}

const LOG_FOLDER = 'log';
const NOWHERE: LogPosition = { index: 0, term: 0 };
const FOUNDING_POSITION: LogPosition = { index: 1, term: 1 };

/** A new folder's own name, and its parents', must last as long as what is promised in it. */
async function syncParents(disk: Disk, folder: string): Promise<void> {
  for (let parent = dirname(folder); ; parent = dirname(parent)) {
    await disk.syncFolder(parent).catch((error: NodeJS.ErrnoException) => {
      // A parent that we may not open or write to was not made by us: its name is durable already.
      if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code ?? '')) throw error;
    });
    if (parent === dirname(parent)) return;
  }
}

async function drawRecord({ disk, folder, drawIncarnation }: DataFolderOptions): Promise<FolderRecord> {
  const incarnation = drawIncarnation();
  if (!/^[0-9a-f]{32}$/.test(incarnation))
    throw new Error(`an incarnation is 32 hexadecimal digits, not ${incarnation}`);
  const identity: Identity = { format: FOLDER_FORMAT, incarnation, grant: { kind: 'None' }, isRemoved: false };
  const record = { identity, current: null };
  await writeFolderRecord(disk, folder, record);
  return record;
}

class OpenDataFolder implements DataFolder {
  readonly #options: DataFolderOptions;
  readonly #segments: SegmentLog;
  readonly #states: StateFolders;
  readonly log: RaftLog;
  #record: FolderRecord;
  #restored: RestoredLog | null;
  #engine: Engine | null = null;
  #staged: StagedSnapshot | null = null;
  #snapshotsOpened = 0;
  /** Changes of the record, one after the other, whoever asks for them. */
  readonly #changes = new Exclusive();

  constructor(options: DataFolderOptions, record: FolderRecord, opened: OpenedLog, stateFolders: readonly string[]) {
    this.#options = options;
    this.#record = record;
    this.#segments = opened.log;
    this.#restored = opened.restored;
    this.#states = new StateFolders(options.disk, options.folder, options.openEngine, stateFolders);
    this.log = this.#letGoOfRestored(opened.log);
  }

  get identity(): Identity {
    return this.#record.identity;
  }

  get restored(): RestoredLog {
    if (this.#restored === null) throw new Error('what the log held at open was let go when it was first appended to');
    return this.#restored;
  }

  get engine(): Engine | null {
    return this.#engine;
  }

  /** Finishes what a crash has left unfinished, and opens the state. */
  async start(mustRestartLog: boolean, remove: readonly string[]): Promise<void> {
    await this.#states.remove(remove);
    const { current } = this.#record;
    if (current === null) return;
    const path = this.#states.pathOf(current.folder);
    this.#engine = await this.#states.open(current.folder);
    const applied = await this.#describe(this.#engine, path);
    if (applied.index < current.position.index) {
      throw new DataDamaged(path, 0, `the state has applied ${applied.index}, it began with ${current.position.index}`);
    }
    if (mustRestartLog) await this.#restartLog(applied);
    await this.#noteLogRestarted();
    const contradiction = checkApplied(applied, this.restored);
    if (contradiction !== null) throw new DataDamaged(path, 0, contradiction);
  }

  acceptFounding(
    record: FoundingRecord,
    memberId: number,
    snapshotFile: string | null = record.snapshotPath,
  ): Promise<void> {
    return this.#changes.run(async () => {
      const grant = grantFounding(this.identity, record, memberId);
      if (grant === this.identity.grant) return;
      const origin: StateOrigin = { kind: 'Founding', record, memberId };
      const rows = snapshotFile === null ? [] : rowsOfSnapshotFile(this.#options.disk, snapshotFile);
      await this.#beginWith(grant, origin, rows, {
        term: FOUNDING_POSITION.term,
        vote: 0,
        commit: FOUNDING_POSITION.index,
      });
    });
  }

  acceptJoin(record: JoinRecord): Promise<void> {
    return this.#changes.run(async () => {
      const grant = grantJoin(this.identity, record);
      if (grant !== this.identity.grant) await this.#write({ ...this.#record, identity: { ...this.identity, grant } });
    });
  }

  acceptRecovery(record: RecoveryRecord, memberId: number, tail: readonly Entry[]): Promise<void> {
    return this.#changes.run(async () => {
      const grant = grantRecovery(this.identity, this.#engine !== null, record, memberId);
      if (grant === this.identity.grant) return;
      const snapshot = this.#engine!.snapshot();
      try {
        // A copy: until the record names it, a crash leaves this member what it was.
        const { term } = this.#segments.state.hardState;
        await this.#beginWith(grant, { kind: 'Recovery', record, memberId, tail }, rowsOf(snapshot), {
          term,
          vote: 0,
          commit: 0,
        });
      } finally {
        await snapshot.close();
      }
    });
  }

  markRemoved(): Promise<void> {
    return this.#changes.run(async () => {
      if (this.identity.isRemoved) return;
      await this.#write({ ...this.#record, identity: { ...this.identity, isRemoved: true } });
    });
  }

  startSnapshot(id: string, header: SnapshotHeader): Promise<IncomingSnapshot> {
    return this.#changes.run(async () => {
      const clusterId = clusterIdOf(this.identity.grant);
      if (header.clusterId !== clusterId) {
        throw new SnapshotDamaged(`the snapshot is of cluster ${header.clusterId}, this member of ${clusterId}`);
      }
      await this.#staged?.discard();
      this.#staged = new StagedSnapshot(id, header, await this.#states.stage(), this.#options.describeState);
      return this.#staged;
    });
  }

  resumableSnapshot(): (IncomingSnapshot & { readonly id: string }) | null {
    const phase = this.#staged?.phase;
    return phase === 'Receiving' || phase === 'Complete' ? this.#staged : null;
  }

  installSnapshot(snapshot: IncomingSnapshot, hardState: HardState): Promise<Engine> {
    return this.#changes.run(async () => {
      const staged = this.#staged;
      if (staged === null || snapshot !== staged || staged.phase !== 'Finished') {
        throw new Error('only the finished snapshot of this folder can be installed');
      }
      const { index, term, membership } = staged.header;
      if (index <= this.#segments.state.base.index) {
        throw new Error(
          `a snapshot at ${index} cannot replace a log that begins after ${this.#segments.state.base.index}`,
        );
      }
      staged.installed();
      this.#staged = null;
      await this.#putInPlace(staged.staged, this.identity.grant, { index, term, membership }, hardState);
      return staged.staged.engine;
    });
  }

  openSnapshot(snapshot: EngineSnapshot, header: SnapshotHeader): SnapshotSource {
    // Rows local to this member may differ between two snapshots of one index, so each gets an id of its own.
    const id = `${this.identity.incarnation}-${header.index}-${++this.#snapshotsOpened}`;
    return new EngineSnapshotSource(id, header, snapshot);
  }

  freeBytes(): Promise<number> {
    return this.#options.disk.freeBytes(this.#options.folder);
  }

  close(): Promise<void> {
    return this.#changes.run(async () => {
      if (this.resumableSnapshot() !== null || this.#staged?.phase === 'Finished')
        await this.#staged?.staged.engine.close();
      await this.#engine?.close();
      await this.#segments.close();
    });
  }

  /** Makes the state that a grant begins with, and it and the grant durable in one moment. */
  async #beginWith(grant: Identity['grant'], origin: StateOrigin, rows: RowPages, hardState: HardState): Promise<void> {
    const staged = await this.#states.stage();
    let applied: StateDescription;
    try {
      for await (const page of rows) {
        await staged.engine.write(page.map(({ key, value }) => ({ kind: 'Put', key, value })));
      }
      await this.#options.initializeState(staged.engine, origin);
      await staged.engine.flush();
      applied = await this.#options.describeState(staged.engine);
    } catch (error) {
      await staged.drop();
      throw error;
    }
    await this.#putInPlace(staged, grant, applied, hardState);
  }

  /** The order is that of the table in start-plan.ts. An error here ends the process; the next start goes on. */
  async #putInPlace(
    staged: StagedState,
    grant: Identity['grant'],
    applied: StateDescription,
    hardState: HardState,
  ): Promise<void> {
    const { index, term } = applied;
    const old = { engine: this.#engine, folder: this.#record.current?.folder };
    await this.#write({
      identity: { ...this.identity, grant },
      current: {
        folder: staged.stateFolder,
        position: { index, term },
        // A state holds what was committed, in terms that have begun, whatever the core has had reason to say so far.
        hardState: { ...hardState, term: Math.max(hardState.term, term), commit: Math.max(hardState.commit, index) },
        isLogRestarted: false,
      },
    });
    this.#engine = staged.engine;
    await this.#restartLog(applied);
    await this.#noteLogRestarted();
    await old.engine?.close();
    if (old.folder !== undefined) await this.#states.remove([old.folder]);
  }

  async #restartLog({ membership }: StateDescription): Promise<void> {
    const { position, hardState } = this.#record.current!;
    const configuration = { membership, commit: position.index };
    await this.#segments.restart(position, hardState, configuration);
    this.#restored = { hardState, configuration, base: position, entries: [] };
  }

  async #noteLogRestarted(): Promise<void> {
    const { current } = this.#record;
    if (current === null || current.isLogRestarted) return;
    await this.#write({ ...this.#record, current: { ...current, isLogRestarted: true } });
  }

  async #describe(engine: Engine, path: string): Promise<StateDescription> {
    try {
      return await this.#options.describeState(engine);
    } catch (error) {
      if (!(error instanceof DamagedRecord)) throw error;
      throw new DataDamaged(path, 0, error.message, { cause: error });
    }
  }

  async #write(record: FolderRecord): Promise<void> {
    await writeFolderRecord(this.#options.disk, this.#options.folder, record);
    this.#record = record;
  }

  /** The entries of a long log must not stay in memory here for as long as the process lives. */
  #letGoOfRestored(log: SegmentLog): RaftLog {
    return {
      append: (batch) => {
        this.#restored = null;
        return log.append(batch);
      },
      cut: (base) => log.cut(base),
      get sizeBytes() {
        return log.sizeBytes;
      },
      close: () => log.close(),
    };
  }
}
