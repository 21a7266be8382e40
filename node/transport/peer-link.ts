/** One peer: our stream to it, its stream to us, and what went over them. */
import type { Connection, ConnectionEnd, Traffic } from './connection.ts';
import { readFrame, writeFrame } from './frames.ts';
import type { Arrival } from './messages.ts';
import type { TcpNetworkOptions } from './options.ts';
import { OutgoingStream } from './outgoing-stream.ts';
import { PayloadSlab } from './payload-slab.ts';
import type { Hello, NetworkEvents, Peer, PeerFrame, PeerState, RefusedHandshake } from './types.ts';

export class PeerLink {
  /** False for a stranger that is here because it called. */
  isListed: boolean;
  readonly traffic: Traffic = { bytesSent: 0, bytesReceived: 0 };
  readonly #options: TcpNetworkOptions;
  readonly #own: Hello;
  readonly #events: NetworkEvents;
  #peer: Peer;
  #outgoing: OutgoingStream;
  #incoming: Connection | null = null;
  #hello: Hello | null = null;
  #messagesSent = 0;
  #messagesReceived = 0;
  #messagesDropped = 0;

  constructor(options: TcpNetworkOptions, own: Hello, events: NetworkEvents, peer: Peer, isListed: boolean) {
    this.#options = options;
    this.#own = own;
    this.#events = events;
    this.#peer = peer;
    this.isListed = isListed;
    this.#outgoing = this.#connect();
  }

  get peer(): Peer {
    return this.#peer;
  }

  send(frame: PeerFrame): void {
    const count = this.#count(frame);
    const connection = this.#outgoing.connection;
    if (connection === null || connection.queuedBytes >= this.#options.sendQueueLimitBytes) {
      this.#messagesDropped += count;
      return;
    }
    if (frame.kind === 'Raft') {
      for (const { from, to, kind } of frame.messages) {
        if (from === this.#own.memberId && to === this.#peer.id) continue;
        throw new Error(
          `${kind} from member ${from} to ${to} on the stream from ${this.#own.memberId} to ${this.#peer.id}`,
        );
      }
    }
    const leftOut = writeFrame(connection.writer, frame);
    this.#messagesSent += count - leftOut;
    this.#messagesDropped += leftOut;
    if (leftOut > 0) {
      const { maxFrameBytes } = this.#options;
      this.#options.log.warn({ peer: this.#peer.id, kind: frame.kind, limitBytes: maxFrameBytes }, 'frame_too_large');
    }
    connection.flushSoon();
  }

  /** A stream from this peer. It takes the place of an earlier one, of which the peer has not noticed the end or we have not. */
  accept(connection: Connection, hello: Hello, incomingEnded: () => void): void {
    this.#hello = hello;
    this.#incoming?.close({ reason: 'replaced by a newer stream', refusal: null });
    this.#incoming = connection;
    const slab = new PayloadSlab();
    const route = { from: this.#peer.id, to: this.#own.memberId };
    const copied: Arrival = { ...route, keep: (view) => slab.keep(view) };
    const owned: Arrival = { ...route, keep: (view) => view };
    connection.established(
      {
        frame: (body, isOwned) => {
          const frame = readFrame(body, isOwned ? owned : copied);
          this.#messagesReceived += this.#count(frame);
          this.#events.frame(this.#peer.id, frame);
        },
        ended: (end) => {
          this.#incoming = null;
          this.#ended(end);
          incomingEnded();
        },
      },
      this.traffic,
      false,
    );
    this.#outgoing.hurry(connection.remoteHost);
  }

  /** The peer has moved. */
  redial(peer: Peer): void {
    this.#peer = peer;
    void this.#outgoing.stop('the address of this member has changed', null);
    this.#outgoing = this.#connect();
  }

  /** Resolves when the peer has had its goodbyes, or the time for it. */
  async close(reason: string, refusal: RefusedHandshake | null): Promise<void> {
    const incoming = this.#incoming;
    this.#incoming = null;
    incoming?.close({ reason, refusal });
    await Promise.all([incoming?.closed, this.#outgoing.stop(reason, refusal)]);
  }

  tick(): void {
    this.#incoming?.tick();
    this.#outgoing.connection?.tick();
  }

  state(): PeerState {
    const connection = this.#outgoing.connection;
    return {
      id: this.#peer.id,
      isConnected: connection !== null,
      hello: this.#hello,
      roundTripMs: connection?.roundTripMs ?? null,
      bytesSent: this.traffic.bytesSent,
      bytesReceived: this.traffic.bytesReceived,
      messagesSent: this.#messagesSent,
      messagesReceived: this.#messagesReceived,
      messagesDropped: this.#messagesDropped,
    };
  }

  #connect(): OutgoingStream {
    return new OutgoingStream(this.#options, this.#own, this.#peer, this.traffic, {
      connected: (hello) => {
        this.#hello = hello;
        this.#events.connected(this.#peer.id, hello);
      },
      disconnected: (end) => this.#ended(end),
      refused: (refusal) => this.#events.refused(this.#peer.address, refusal, 'Ours'),
    });
  }

  #ended({ isDeliberate, refusal }: ConnectionEnd): void {
    if (refusal !== null) this.#events.refused(this.#peer.address, refusal, 'Ours');
    this.#events.disconnected(this.#peer.id, isDeliberate);
  }

  #count(frame: PeerFrame): number {
    return frame.kind === 'Raft' ? frame.messages.length : 1;
  }
}

/** What a link is made from when one calls that is not listed. */
export function stranger(hello: Hello): Peer {
  return { id: hello.memberId, address: hello.peerAddress, incarnation: hello.incarnation };
}
