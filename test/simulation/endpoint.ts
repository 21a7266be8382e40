/**
 * One process on the simulated network. For each peer it has a stream that it sends on and one that it receives on.
 * Handshakes are decided by the production rules; dialling, backing off and giving up are modelled here.
 */
import { type Expected, refuseAnswerer, refuseCaller } from '../../node/transport/handshake.ts';
import type {
  Hello,
  Network,
  NetworkEvents,
  Peer,
  PeerFrame,
  PeerState,
  RefusedHandshake,
  SnapshotOffer,
} from '../../node/transport/types.ts';
import type { Life } from './life.ts';
import type { SimulatedNetwork } from './network.ts';
import { SnapshotTransfer } from './snapshot-transfer.ts';
import { Stream } from './stream.ts';

/** As in the real transport. */
const MAX_STRANGERS = 16;

export class Endpoint implements Network {
  readonly address: string;
  readonly life: Life;
  readonly #network: SimulatedNetwork;
  hello: Hello | null = null;
  events: NetworkEvents | null = null;
  #listed: ReadonlyMap<number, Peer> | null = null;
  #lastMemberId = 0;
  /** Members that this one has not heard of yet, answered while their stream lasts. */
  readonly #strangers = new Map<number, Peer>();
  readonly #outgoing = new Map<number, Stream>();
  readonly #incoming = new Map<number, Stream>();
  readonly #dialling = new Set<number>();
  #isClosed = false;

  constructor(network: SimulatedNetwork, life: Life, address: string) {
    this.#network = network;
    this.life = life;
    this.address = address;
  }

  async start(hello: Hello, events: NetworkEvents): Promise<void> {
    this.hello = hello;
    this.events = events;
  }

  setPeers(peers: readonly Peer[], lastMemberId: number): void {
    this.#listed = new Map(peers.filter(({ id }) => id !== this.hello?.memberId).map((peer) => [peer.id, peer]));
    this.#lastMemberId = lastMemberId;
    for (const streams of [this.#outgoing, this.#incoming]) {
      for (const [id, stream] of streams) if (!this.#isKnown(stream, id)) stream.end('Deliberate', this);
    }
    for (const id of this.#strangers.keys()) if (this.#listed.has(id)) this.#strangers.delete(id);
    for (const peer of this.#listed.values()) this.#dialSoon(peer.id, 0);
  }

  send(to: number, frame: PeerFrame): void {
    if (!this.life.isAlive || this.#isClosed) return;
    this.#network.watcher(this.hello!, to, frame);
    const stream = this.#outgoing.get(to);
    if (stream === undefined) return;
    stream.send(frame);
    this.#network.onSent(this.address, stream.to.address, frame);
  }

  async sendSnapshot(
    to: number,
    offer: SnapshotOffer,
    chunks: (from: number) => AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const stream = this.#outgoing.get(to);
    if (stream === undefined) throw new Error(`member ${to} is not connected`);
    const transfer = new SnapshotTransfer(this.#network, this, stream.to, offer, chunks);
    this.#network.begin(transfer);
    try {
      await transfer.run();
    } finally {
      this.#network.end(transfer);
    }
  }

  peers(): readonly PeerState[] {
    return [...(this.#listed?.keys() ?? [])].map((id) => ({
      id,
      isConnected: this.#outgoing.has(id),
      hello: this.#outgoing.get(id)?.to.hello ?? null,
      roundTripMs: null,
      bytesSent: 0,
      bytesReceived: 0,
      messagesSent: 0,
      messagesReceived: 0,
      messagesDropped: 0,
    }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stream of [...this.#outgoing.values(), ...this.#incoming.values()]) stream.end('Deliberate', this);
    this.#network.leave(this);
  }

  linkHealed(): void {
    for (const stream of this.#outgoing.values()) stream.move();
  }

  breakStreamsTo(address: string): void {
    for (const stream of this.#outgoing.values()) if (stream.to.address === address) stream.break();
  }

  vanish(): void {
    for (const stream of [...this.#outgoing.values(), ...this.#incoming.values()]) stream.otherSideVanished(this);
  }

  closedByKernel(): void {
    for (const stream of [...this.#outgoing.values(), ...this.#incoming.values()]) stream.end('Broken', this);
  }

  get isListening(): boolean {
    return this.hello !== null && !this.#isClosed;
  }

  /** The acceptor's side of the handshake. */
  refuses(hello: Hello, expected: Expected): RefusedHandshake | null {
    if (this.hello === null) return { code: 'NotReady', message: 'not started' };
    if (this.#listed === null) return refuseCaller(this.hello, null, hello, expected);
    const incarnations = new Map([...this.#strangers, ...this.#listed].map(([id, peer]) => [id, peer.incarnation]));
    const mayTakeStrangers = this.#strangers.size < MAX_STRANGERS;
    return refuseCaller(
      this.hello,
      { incarnations, lastMemberId: this.#lastMemberId, mayTakeStrangers },
      hello,
      expected,
    );
  }

  accepted(stream: Stream): void {
    const peer = stream.from.hello!;
    this.#network.onAccepted(this.hello!, peer);
    this.#incoming.get(peer.memberId)?.discard();
    this.#incoming.set(peer.memberId, stream);
    if (this.#listed!.has(peer.memberId)) return;
    this.#strangers.set(peer.memberId, { id: peer.memberId, address: peer.peerAddress, incarnation: peer.incarnation });
    this.#dialSoon(peer.memberId, 0);
  }

  ended(stream: Stream, how: 'Deliberate' | 'Broken'): void {
    const isOutgoing = stream.from === this;
    const streams = isOutgoing ? this.#outgoing : this.#incoming;
    const id = (isOutgoing ? stream.to : stream.from).hello!.memberId;
    if (streams.get(id) !== stream) return;
    streams.delete(id);
    if (!isOutgoing) this.#strangers.delete(id);
    if (!this.life.isAlive || this.#isClosed) return;
    this.events?.disconnected(id, how === 'Deliberate');
    if (isOutgoing) this.#dialSoon(id, 1);
  }

  #isKnown(stream: Stream, id: number): boolean {
    const other = stream.from === this ? stream.to : stream.from;
    const listed = this.#listed?.get(id);
    if (listed === undefined) return id > this.#lastMemberId;
    return listed.incarnation === other.hello!.incarnation;
  }

  #peer(id: number): Peer | undefined {
    return this.#listed?.get(id) ?? this.#strangers.get(id);
  }

  #dialSoon(id: number, attempt: number): void {
    if (this.#dialling.has(id) || this.#outgoing.has(id)) return;
    this.#dialling.add(id);
    const backoffMs = attempt === 0 ? 0 : this.#network.random.between(1, Math.min(500, 10 * 2 ** attempt));
    this.life.after(backoffMs, () => this.#dial(id, attempt));
  }

  #dial(id: number, attempt: number): void {
    const network = this.#network;
    const peer = this.#peer(id);
    if (this.#isClosed || peer === undefined) {
      this.#dialling.delete(id);
      return;
    }
    const acceptor = network.at(peer.address);
    if (
      acceptor === undefined ||
      network.isBlocked(this.address, peer.address) ||
      network.isBlocked(peer.address, this.address)
    ) {
      this.life.after(network.random.between(1, 300), () => this.#dialFailed(peer, attempt));
      return;
    }
    network.scheduler.after(network.delayMs(), () => this.#shakeHands(peer, acceptor, attempt));
  }

  #dialFailed(peer: Peer, attempt: number, refusal?: RefusedHandshake): void {
    this.#dialling.delete(peer.id);
    if (refusal !== undefined) this.events!.refused(peer.address, refusal, 'Ours');
    if (this.#peer(peer.id) !== undefined && !this.#isClosed) this.#dialSoon(peer.id, attempt + 1);
  }

  /** Our hello has arrived at the acceptor, whose answer then travels back. */
  #shakeHands(peer: Peer, acceptor: Endpoint, attempt: number): void {
    const network = this.#network;
    // A paused acceptor answers once it goes on, a dead one never does: in either case we may give up before.
    let isSettled = false;
    const giveUp = this.life.after(1000, () => {
      if (isSettled) return;
      isSettled = true;
      this.#dialFailed(peer, attempt);
    });
    acceptor.life.deliver(() => {
      if (isSettled || !this.life.isAlive || !acceptor.isListening) return;
      const refusal = acceptor.refuses(this.hello!, { id: peer.id, incarnation: peer.incarnation });
      const stream = new Stream(network, this, acceptor);
      if (refusal === null) acceptor.accepted(stream);
      else acceptor.events?.refused(this.address, refusal, 'Theirs');
      network.scheduler.after(network.delayMs(), () =>
        this.life.deliver(() => {
          giveUp.cancel();
          if (isSettled) {
            stream.end('Broken', this);
            return;
          }
          isSettled = true;
          if (refusal === null) this.#welcomed(peer, stream, attempt);
          else this.#dialFailed(peer, attempt, refusal);
        }),
      );
    });
  }

  #welcomed(peer: Peer, stream: Stream, attempt: number): void {
    const refusal = refuseAnswerer(this.hello!, { id: peer.id, incarnation: peer.incarnation }, stream.to.hello!);
    if (refusal !== null) {
      stream.end('Broken', this);
      this.#dialFailed(peer, attempt, refusal);
      return;
    }
    if (!stream.opened()) {
      this.#dialFailed(peer, attempt);
      return;
    }
    this.#dialling.delete(peer.id);
    this.#outgoing.set(peer.id, stream);
    this.events!.connected(peer.id, stream.to.hello!);
  }
}
