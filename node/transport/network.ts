/** The peers' network over TCP or TLS: who is linked to whom, and what of that the driver hears. */
import type { MemberId } from '../raft/types.ts';
import type { Connection } from './connection.ts';
import type { Purpose } from './greetings.ts';
import { type Expected, type Roster, refuseCaller } from './handshake.ts';
import { Listener } from './listener.ts';
import type { TcpNetworkOptions } from './options.ts';
import { PeerLink, stranger } from './peer-link.ts';
import { SnapshotIntake } from './snapshot-receiver.ts';
import { SnapshotTransfer } from './snapshot-sender.ts';
import { TokenBucket } from './token-bucket.ts';
import type {
  Hello,
  Network,
  NetworkEvents,
  Peer,
  PeerFrame,
  PeerState,
  RefusedHandshake,
  SnapshotOffer,
} from './types.ts';

/** Members that this one has not heard of, at once. A member that is behind meets a few; more are a mistake. */
const MAX_STRANGERS = 16;
const STOPPING = 'this member stops';

export interface TcpNetwork extends Network {
  /** Where it listens, host:port, once started. */
  address(): string;
}

export function createTcpNetwork(options: TcpNetworkOptions): TcpNetwork {
  return new SocketNetwork(options);
}

type Running = {
  readonly hello: Hello;
  readonly events: NetworkEvents;
  readonly listener: Listener;
  readonly intake: SnapshotIntake;
};

class SocketNetwork implements TcpNetwork {
  readonly #options: TcpNetworkOptions;
  readonly #bucket: TokenBucket;
  readonly #links = new Map<MemberId, PeerLink>();
  readonly #transfers = new Map<MemberId, SnapshotTransfer>();
  #running: Running | null = null;
  #listed: readonly Peer[] | null = null;
  #lastMemberId: MemberId = 0;
  #ticker: { cancel(): void } | null = null;

  constructor(options: TcpNetworkOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.snapshotRateBytesPerSecond, options.clock.nowMs());
  }

  async start(hello: Hello, events: NetworkEvents): Promise<void> {
    const listener = new Listener(this.#options, hello, {
      refuse: (theirs, expected) => this.#refuse(theirs, expected),
      accepted: (connection, theirs, purpose) => this.#accepted(connection, theirs, purpose),
      refused: (address, refusal) => events.refused(address, refusal, 'Theirs'),
    });
    this.#running = { hello, events, listener, intake: new SnapshotIntake(events, this.#options.log) };
    await listener.listen();
    this.#tick();
    if (this.#listed !== null) this.#link();
  }

  setPeers(peers: readonly Peer[], lastMemberId: MemberId): void {
    this.#listed = peers;
    this.#lastMemberId = lastMemberId;
    if (this.#ticker !== null) this.#link();
  }

  send(to: MemberId, frame: PeerFrame): void {
    this.#links.get(to)?.send(frame);
  }

  async sendSnapshot(
    to: MemberId,
    offer: SnapshotOffer,
    chunks: (from: number) => AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const link = this.#links.get(to);
    if (this.#running === null || link === undefined) throw new Error(`member ${to} is not a peer of this one`);
    if (this.#transfers.has(to)) throw new Error(`a snapshot is on its way to member ${to} already`);
    const { hello } = this.#running;
    const transfer = new SnapshotTransfer(this.#options, hello, link.peer, link.traffic, this.#bucket, offer, chunks);
    this.#transfers.set(to, transfer);
    try {
      await transfer.run();
    } finally {
      this.#transfers.delete(to);
    }
  }

  peers(): readonly PeerState[] {
    return [...this.#links.values()].map((link) => link.state());
  }

  address(): string {
    if (this.#running === null) throw new Error('the network is not started');
    return this.#running.listener.address();
  }

  async close(): Promise<void> {
    if (this.#running === null) return;
    const { listener, intake } = this.#running;
    this.#ticker?.cancel();
    this.#ticker = null;
    for (const transfer of this.#transfers.values()) transfer.stop(STOPPING);
    const closing = [...this.#links.values()].map((link) => link.close(STOPPING, null));
    this.#links.clear();
    await Promise.all([...closing, intake.stopAll(STOPPING), listener.close()]);
  }

  /** Makes the links what the list says. */
  #link(): void {
    const { hello, events } = this.#running!;
    const listed = new Map((this.#listed ?? []).map((peer) => [peer.id, peer]));
    listed.delete(hello.memberId);
    for (const [id, link] of this.#links) {
      const peer = listed.get(id);
      if (peer !== undefined ? peer.incarnation !== link.peer.incarnation : link.isListed || id <= this.#lastMemberId) {
        this.#drop(id, link, hello);
      } else if (peer !== undefined) {
        link.isListed = true;
        if (peer.address !== link.peer.address) link.redial(peer);
      }
    }
    for (const [id, peer] of listed) {
      if (!this.#links.has(id)) this.#links.set(id, new PeerLink(this.#options, hello, events, peer, true));
    }
  }

  #drop(id: MemberId, link: PeerLink, own: Hello): void {
    const isRemoved = id <= this.#lastMemberId;
    const reason = isRemoved ? `member ${id} was removed from cluster ${own.clusterId}` : `member ${id} is not listed`;
    this.#links.delete(id);
    this.#transfers.get(id)?.stop(reason);
    this.#running!.intake.stop(id, reason);
    void link.close(reason, isRemoved ? { code: 'Removed', message: reason } : null);
  }

  #refuse(theirs: Hello, expected: Expected): RefusedHandshake | null {
    return refuseCaller(this.#running!.hello, this.#roster(), theirs, expected);
  }

  #roster(): Roster {
    if (this.#listed === null) return null;
    let strangers = 0;
    const incarnations = new Map<MemberId, string>();
    for (const [id, link] of this.#links) {
      incarnations.set(id, link.peer.incarnation);
      if (!link.isListed) strangers += 1;
    }
    return { incarnations, lastMemberId: this.#lastMemberId, mayTakeStrangers: strangers < MAX_STRANGERS };
  }

  #accepted(connection: Connection, theirs: Hello, purpose: Purpose): void {
    const { hello, events, intake } = this.#running!;
    const id = theirs.memberId;
    let link = this.#links.get(id);
    if (purpose === 'Snapshot') {
      intake.accept(connection, id, link?.traffic ?? { bytesSent: 0, bytesReceived: 0 });
      return;
    }
    if (link === undefined) {
      link = new PeerLink(this.#options, hello, events, stranger(theirs), false);
      this.#links.set(id, link);
    }
    const current = link;
    current.accept(connection, theirs, () => this.#forgetStranger(id, current));
  }

  /** A stranger is answered while it talks to us. */
  #forgetStranger(id: MemberId, link: PeerLink): void {
    if (link.isListed || this.#links.get(id) !== link) return;
    this.#links.delete(id);
    void link.close('this member does not list you', null);
  }

  /** One timer for the signs of life of all connections. */
  #tick(): void {
    this.#ticker = this.#options.clock.after(this.#options.keepAliveMs, () => {
      for (const link of this.#links.values()) link.tick();
      for (const transfer of this.#transfers.values()) transfer.tick();
      this.#running!.intake.tick();
      this.#tick();
    });
  }
}
