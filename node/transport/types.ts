/**
 * How members talk: one ordered stream of frames a peer and direction, snapshot streams of their own, and a
 * handshake that refuses whoever is not the member it says it is.
 */
import type { MemberId, Message } from '../raft/types.ts';
import type { SnapshotHeader } from '../storage/types.ts';

/** Said by both sides before anything else. A mismatch closes the connection with a reason that names both values. */
export type Hello = {
  readonly clusterId: string;
  readonly memberId: MemberId;
  readonly incarnation: string;
  /** The newest format that this build speaks, and the oldest. Two members talk in the newest that both speak. */
  readonly format: number;
  readonly oldestFormat: number;
  /** Where this member is dialled (host:port): a peer that has not heard of it yet must be able to answer. */
  readonly peerAddress: string;
  /** Where clients reach this member; peers pass it on to clients that need the leader. */
  readonly clientUrl: string;
  readonly version: string;
};

/** `address` is host:port, the host a name or an address, IPv6 in brackets. Names are resolved at each connect. */
export type Peer = { readonly id: MemberId; readonly address: string; readonly incarnation: string };

/** Proposals that a follower hands to its leader, as encoded entry data. */
export type ForwardedProposals = {
  readonly kind: 'ForwardedProposals';
  /** Refused unless the receiver leads in exactly this term: the sender counts on it to know what was lost. */
  readonly term: number;
  readonly proposals: readonly { readonly sequence: number; readonly data: Uint8Array }[];
};

export type ForwardRefused = {
  readonly kind: 'ForwardRefused';
  readonly term: number;
  readonly sequences: readonly number[];
  readonly reason: string;
};

/**
 * A question between members' drivers that is rare enough for JSON (keep-alives, membership, transfer). Bodies are
 * JSON values: no bigint, no bytes; undefined arrives as null.
 */
export type Call = { readonly kind: 'Call'; readonly id: number; readonly method: string; readonly body: unknown };
export type CallReply = {
  readonly kind: 'CallReply';
  readonly id: number;
  readonly body: unknown;
};

export type PeerFrame =
  | { readonly kind: 'Raft'; readonly messages: readonly Message[] }
  | ForwardedProposals
  | ForwardRefused
  | Call
  | CallReply;

/** Counters are since the start of the process, over all connections; each Raft message counts, and each other frame. */
export type PeerState = {
  readonly id: MemberId;
  /** Frames sent now go out. */
  readonly isConnected: boolean;
  readonly hello: Hello | null;
  /** Smoothed round trip in milliseconds, null before the first. */
  readonly roundTripMs: number | null;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Messages that were dropped because the peer was not connected, or the queue over its limit. */
  readonly messagesDropped: number;
};

export type NetworkEvents = {
  frame(from: MemberId, frame: PeerFrame): void;
  /**
   * A stream from or to this peer has ended; a crash ends both, so this comes twice. `isDeliberate` when the peer
   * said goodbye first. Not called for a stream that a newer one of the same peer replaces, nor for what this
   * member closes itself.
   */
  disconnected(from: MemberId, isDeliberate: boolean): void;
  /** From now on frames to this peer go out. */
  connected(peer: MemberId, hello: Hello): void;
  /**
   * The peer refuses us, or we it. `address` is the one dialled, or where the refused one came from. Comes again at
   * each attempt. `call` says whose call it was: what is said of a caller says nothing about the one called.
   */
  refused(address: string, reason: RefusedHandshake, call: 'Ours' | 'Theirs'): void;
  /**
   * A snapshot is offered. Answers with the chunk to begin from, and gets the chunks; null declines. Not called
   * before an earlier transfer from the same peer has ended.
   */
  snapshotOffered(from: MemberId, offer: SnapshotOffer): Promise<SnapshotReceiver | null>;
};

/**
 * `IncarnationMismatch` is said of the caller; that another than the expected one answers is a `MemberIdMismatch`.
 * `NotReady`: the other side does not know its peers yet. `UnknownMember`: more strangers at once than a member can
 * be behind. The others say which two values differ.
 */
export type RefusedHandshake = {
  readonly code:
    | 'ClusterIdMismatch'
    | 'MemberIdMismatch'
    | 'IncarnationMismatch'
    | 'FormatTooNew'
    | 'UnknownMember'
    | 'Removed'
    | 'NotReady';
  readonly message: string;
};

export type SnapshotOffer = { readonly id: string; readonly term: number; readonly header: SnapshotHeader };

export interface SnapshotReceiver {
  readonly firstChunk: number;
  /** One at a time. A rejection ends the transfer for good; the sender is told why. */
  chunk(bytes: Uint8Array): Promise<void>;
  /** All chunks came. Resolves when it is installed, rejects when it cannot be: the sender is told either. */
  complete(): Promise<void>;
  /** Exactly once, unless `complete` was called. The sender may offer the same snapshot again, to go on with. */
  aborted(error: Error): void;
}

export interface Network {
  /** Listens; rejects when it cannot. */
  start(hello: Hello, events: NetworkEvents): Promise<void>;
  /**
   * Whom to connect to and whom to accept; called at each change of membership. Until the first call others are
   * refused as `NotReady`. This member itself may be in the list.
   *
   * @param lastMemberId ids up to this one that are not listed were removed, and are told so; higher ones are newer
   *   than this member knows, and are accepted and answered while their stream lasts: one that is behind may be
   *   led by a member it has not heard of (thesis section 4.1). Give 0 with a list that may be incomplete, as a
   *   joiner's hints are.
   */
  setPeers(peers: readonly Peer[], lastMemberId: MemberId): void;
  /**
   * Queues in order; drops (and counts) when the peer is not connected or its queue is over the byte limit. What is
   * sent in one turn goes out in one write. The data of entries is not copied: it must not change afterwards. Raft
   * messages may arrive in several frames. One message or other frame over the limit of a frame is logged and lost.
   */
  send(to: MemberId, frame: PeerFrame): void;
  /**
   * One transfer a peer at a time; rejects when it failed. Heartbeats never wait behind it. A connection that breaks
   * is made anew a few times and the transfer goes on; then `chunks` is called again. A chunk must not change later.
   */
  sendSnapshot(to: MemberId, offer: SnapshotOffer, chunks: (from: number) => AsyncIterable<Uint8Array>): Promise<void>;
  peers(): readonly PeerState[];
  /** Says goodbye on every stream, then closes. */
  close(): Promise<void>;
}
