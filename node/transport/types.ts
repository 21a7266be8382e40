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
  readonly format: number;
  /** Where clients reach this member; peers pass it on to clients that need the leader. */
  readonly clientUrl: string;
  readonly version: string;
};

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

/** A question between members' drivers that is rare enough for JSON (keep-alives, membership, transfer). */
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

export type PeerState = {
  readonly id: MemberId;
  readonly isConnected: boolean;
  readonly hello: Hello | null;
  /** Smoothed round trip in milliseconds, null before the first. */
  readonly roundTripMs: number | null;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
};

export type NetworkEvents = {
  frame(from: MemberId, frame: PeerFrame): void;
  /** A stream from this peer has ended. `isDeliberate` when it said goodbye first (clean stop, reconnect, replaced stream). */
  disconnected(from: MemberId, isDeliberate: boolean): void;
  connected(peer: MemberId, hello: Hello): void;
  /** The peer refuses us, or we it; the reason is for the log and the status. */
  refused(address: string, reason: RefusedHandshake): void;
  /** A snapshot is offered. Answers with the chunk to begin from, and gets the chunks; null declines. */
  snapshotOffered(from: MemberId, offer: SnapshotOffer): Promise<SnapshotReceiver | null>;
};

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
  chunk(bytes: Uint8Array): Promise<void>;
  /** All chunks came. Resolves when it is installed, rejects when it cannot be: the sender is told either. */
  complete(): Promise<void>;
  aborted(error: Error): void;
}

export interface Network {
  start(hello: Hello, events: NetworkEvents): Promise<void>;
  /** Whom to connect to and whom to accept; called at each change of membership. */
  setPeers(peers: readonly Peer[]): void;
  /** Queues in order; drops (and counts) when the peer is not connected or its queue is over the byte limit. */
  send(to: MemberId, frame: PeerFrame): void;
  /** One transfer a peer at a time; rejects when it failed. Heartbeats never wait behind it. */
  sendSnapshot(to: MemberId, offer: SnapshotOffer, chunks: (from: number) => AsyncIterable<Uint8Array>): Promise<void>;
  peers(): readonly PeerState[];
  /** Says goodbye on every stream, then closes. */
  close(): Promise<void>;
}
