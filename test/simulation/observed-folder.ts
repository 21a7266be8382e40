/** A member's data folder with someone looking over its shoulder: the folder itself is the production one. */

import type { Entry, HardState } from '../../node/raft/types.ts';
import type {
  DataFolder,
  Identity,
  IncomingSnapshot,
  LogBatch,
  RaftLog,
  RecoveryRecord,
  RestoredLog,
} from '../../node/storage/types.ts';
import type { Engine } from '../../node/store/engine.ts';
import type { LogMirror, MirroredEntry, ReceivedState } from './log-mirror.ts';

export type FolderWatcher = {
  appending(entries: readonly MirroredEntry[]): void;
  recovering(record: RecoveryRecord, tail: readonly Entry[]): void;
};

/** @param received positions of snapshots by id, over all lives of the process: a transfer may be gone on with */
export function observedFolder(
  folder: DataFolder,
  mirror: LogMirror,
  received: Map<string, ReceivedState>,
  watcher: FolderWatcher,
): DataFolder {
  const snapshots = new Map<IncomingSnapshot, ReceivedState>();
  const log: RaftLog = {
    append: async (batch: LogBatch) => {
      watcher.appending(mirror.appending(batch));
      await folder.log.append(batch);
      mirror.done();
    },
    cut: async (base) => {
      mirror.cutting(base);
      await folder.log.cut(base);
      mirror.done();
    },
    get sizeBytes() {
      return folder.log.sizeBytes;
    },
    close: () => folder.log.close(),
  };
  return {
    get identity(): Identity {
      return folder.identity;
    },
    get restored(): RestoredLog {
      return folder.restored;
    },
    get engine(): Engine | null {
      return folder.engine;
    },
    log,
    acceptFounding: (record, memberId, file) => folder.acceptFounding(record, memberId, file),
    acceptJoin: (record) => folder.acceptJoin(record),
    acceptRecovery: (record, memberId, tail) => {
      watcher.recovering(record, tail);
      return folder.acceptRecovery(record, memberId, tail);
    },
    markRemoved: () => folder.markRemoved(),
    startSnapshot: async (id, header) => {
      const state = { base: { index: header.index, term: header.term }, membership: header.membership };
      received.set(id, state);
      const snapshot = await folder.startSnapshot(id, header);
      snapshots.set(snapshot, state);
      return snapshot;
    },
    resumableSnapshot: () => {
      const snapshot = folder.resumableSnapshot();
      if (snapshot !== null) snapshots.set(snapshot, received.get(snapshot.id)!);
      return snapshot;
    },
    installSnapshot: async (snapshot: IncomingSnapshot, hardState: HardState) => {
      const state = snapshots.get(snapshot);
      if (state === undefined) throw new Error('a snapshot is installed that was not received');
      mirror.installing(state, hardState);
      const engine = await folder.installSnapshot(snapshot, hardState);
      mirror.done();
      return engine;
    },
    openSnapshot: (snapshot, header) => folder.openSnapshot(snapshot, header),
    freeBytes: () => folder.freeBytes(),
    close: () => folder.close(),
  };
}
