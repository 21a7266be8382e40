/**
 * A member's data folder, as the driver sees it: who this member is, the Raft log, the applied state, and
 * snapshots on their way in. Formats and what start does with every state a crash can leave: data-folder.ts.
 */
import type { Entry, HardState } from '../raft/types.ts';
import type { Engine, EngineSnapshot } from '../store/engine.ts';
import type { Membership } from '../store/types.ts';

/** Hexadecimal, 32 digits, drawn at random when an empty folder is first opened. */
export type Incarnation = string;
/** Hexadecimal, 16 digits, never zero. */
export type ClusterId = string;

export type Founder = {
  readonly id: number;
  readonly name: string;
  readonly peerAddress: string;
  readonly incarnation: Incarnation;
};

/** How a cluster begins. Accepted at most once in a folder's life. */
export type FoundingRecord = {
  readonly clusterId: ClusterId;
  readonly founders: readonly Founder[];
  /** A snapshot file that every founder starts from, or null for an empty store. */
  readonly snapshotPath: string | null;
  /** The SHA-256 of the snapshot's file, in hexadecimal: the first founder to accept adds it, and the others must find the same. */
  readonly snapshotSha256?: string;
};

export type PeerHint = { readonly id: number; readonly peerAddress: string; readonly incarnation: Incarnation };

/** Leave to join, given by the cluster that has added this member. */
export type JoinRecord = {
  readonly clusterId: ClusterId;
  readonly memberId: number;
  readonly incarnation: Incarnation;
  /** Where to find the others until the first snapshot tells. */
  readonly peers: readonly PeerHint[];
};

/** Quorum recovery under a new cluster id (contract, "Quorum recovery"). */
export type RecoveryRecord = { readonly clusterId: ClusterId; readonly nonce: string };

export type Identity = {
  readonly format: number;
  readonly incarnation: Incarnation;
  readonly grant:
    | { readonly kind: 'None' }
    | { readonly kind: 'Founder'; readonly record: FoundingRecord; readonly memberId: number }
    | { readonly kind: 'Joiner'; readonly record: JoinRecord }
    | { readonly kind: 'Survivor'; readonly record: RecoveryRecord; readonly memberId: number };
  /** Set once the member has been removed from its cluster: it stays out under this incarnation. */
  readonly isRemoved: boolean;
};

/** The membership as it was when it took effect here, kept with the log because RocksDB may lag behind it. */
export type DurableConfiguration = { readonly membership: Membership; readonly commit: number };

/** One batch of the log: durable with one fdatasync, wholly or not at all. */
export type LogBatch = {
  readonly hardState: HardState | null;
  /** Consecutive; they replace everything from the first one's index on. */
  readonly entries: readonly Entry[];
  readonly configuration: DurableConfiguration | null;
};

export type LogPosition = { readonly index: number; readonly term: number };

export type RestoredLog = {
  readonly hardState: HardState;
  readonly configuration: DurableConfiguration | null;
  /** Just before the first entry that is kept. */
  readonly base: LogPosition;
  readonly entries: readonly Entry[];
};

export interface RaftLog {
  /** Resolves when durable. One write is in flight: the caller gathers what arrives meanwhile. Any error is final. */
  append(batch: LogBatch): Promise<void>;
  /** Forgets entries through `base`, which have been applied. Durable when it resolves; files go a little later. */
  cut(base: LogPosition): Promise<void>;
  /** Bytes that the entries after the base take: what a cut makes smaller. */
  readonly sizeBytes: number;
  close(): Promise<void>;
}

/** A snapshot on its way in: rows go to a new state folder that nothing refers to yet. */
export interface IncomingSnapshot {
  /** One chunk as it came from `SnapshotSource`, in order from chunk 0; throws `SnapshotDamaged` if its hash does not match. */
  write(chunk: Uint8Array): Promise<void>;
  /** Chunks so far: where a broken transfer resumes. */
  readonly chunkCount: number;
  /** Flushes and verifies the whole; afterwards only `install` or `discard`. */
  finish(): Promise<void>;
  discard(): Promise<void>;
}

/** A snapshot on its way out. The same `id` always gives the same chunks. */
export interface SnapshotSource {
  readonly id: string;
  /** Position and membership of the content. */
  readonly header: SnapshotHeader;
  /** From chunk number `from` on. The last chunk says that it is the last and carries the hash of them all. */
  chunks(from: number): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

export type SnapshotHeader = {
  readonly format: number;
  readonly clusterId: ClusterId;
  readonly index: number;
  readonly term: number;
  readonly membership: Membership;
  readonly revision: number;
};

export interface DataFolder {
  readonly identity: Identity;
  readonly log: RaftLog;
  /** As found at open, or as a grant has left it. Let go, and then an error, once anything was appended. */
  readonly restored: RestoredLog;
  /** The applied state. Replaced by `installSnapshot`. Null until founded, joined with a snapshot, or recovered. */
  readonly engine: Engine | null;
  /**
   * Durable before it resolves. Idempotent for an equal record, refused with `GrantConflict` for another.
   * Makes the initial state: applied index 1 and term 1 with the founders as voters.
   */
  acceptFounding(record: FoundingRecord, memberId: number, snapshotFile?: string | null): Promise<void>;
  acceptJoin(record: JoinRecord): Promise<void>;
  /**
   * Makes this member the only voter under the new cluster id and raises the revision; idempotent by nonce.
   *
   * @param tail entries of its log after those applied: a lost leader may have acknowledged them, so they are kept
   */
  acceptRecovery(record: RecoveryRecord, memberId: number, tail: readonly Entry[]): Promise<void>;
  markRemoved(): Promise<void>;
  startSnapshot(id: string, header: SnapshotHeader): Promise<IncomingSnapshot>;
  /** A transfer of the same id that a broken connection left behind, to go on with. */
  resumableSnapshot(): (IncomingSnapshot & { readonly id: string }) | null;
  /**
   * The pointer record, then the log restarted after the snapshot's index with `hardState`, then the old state folder removed.
   * Resolves with the new engine; the old one is closed.
   */
  installSnapshot(snapshot: IncomingSnapshot, hardState: HardState): Promise<Engine>;
  openSnapshot(snapshot: EngineSnapshot, header: SnapshotHeader): SnapshotSource;
  freeBytes(): Promise<number>;
  close(): Promise<void>;
}
