/**
 * The network between simulated machines: a `Network` for each process, and the hands that cut, slow and reset it.
 *
 * A stream is ordered, as TCP's are: a blocked link holds what was sent until it heals or until one side gives up,
 * and a reset loses everything that was on its way. In the harsh mode frames of the Raft protocol are lost,
 * doubled and overtaken one by one as well, which the core promises to bear; the other frames rely on the order.
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
import { describeFrame } from './describe-frame.ts';
import { decodeFrame, encodeFrame } from './frame-bytes.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { SnapshotTransfer } from './snapshot-transfer.ts';
import type { Trace } from './trace.ts';

export type NetworkSettings = {
  readonly leastDelayMs: number;
  readonly mostDelayMs: number;
  /** Of single frames of the Raft protocol; all 0 but in the harsh mode. */
  readonly lossChance: number;
  readonly duplicateChance: number;
  readonly reorderChance: number;
};

/** Sees every frame as it is handed over for sending. */
export type FrameWatcher = (from: Hello, to: number, frame: PeerFrame) => void;

export class SimulatedNetwork {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly trace: Trace;
  settings: NetworkSettings;
  watcher: FrameWatcher = () => {};
  /** Told who lets whom talk to it. */
  onAccepted: (acceptor: Hello, caller: Hello) => void = () => {};
  /** Told the addresses once a frame is on its way; may kill or pause either process on the spot. */
  onSent: (from: string, to: string, frame: PeerFrame) => void = () => {};
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #blocked = new Set<string>();
  readonly #transfers = new Set<SnapshotTransfer>();

  constructor(scheduler: Scheduler, random: Random, trace: Trace, settings: NetworkSettings) {
    this.scheduler = scheduler;
    this.random = random;
    this.trace = trace;
    this.settings = settings;
  }

  /** The network as one process uses it. */
  join(life: Life, address: string): Network {
    const endpoint = new Endpoint(this, life, address);
    this.#endpoints.set(address, endpoint);
    return endpoint;
  }

  at(address: string): Endpoint | undefined {
    return this.#endpoints.get(address);
  }

  delayMs(): number {
    const { leastDelayMs, mostDelayMs } = this.settings;
    const longTail = this.random.chance(0.01) ? 10 : 1;
    return this.random.between(leastDelayMs, mostDelayMs) * longTail;
  }

  isBlocked(from: string, to: string): boolean {
    return this.#blocked.has(`${from}>${to}`);
  }

  /** Nothing passes from one to the other; the way back may stay open. */
  block(from: string, to: string): void {
    this.#blocked.add(`${from}>${to}`);
  }

  /** Nothing passes between the two any more, and what connected them breaks. */
  cut(one: string, other: string): void {
    this.block(one, other);
    this.block(other, one);
    this.reset(one, other);
  }

  unblock(from: string, to: string): void {
    this.#blocked.delete(`${from}>${to}`);
    for (const endpoint of this.#endpoints.values()) endpoint.linkHealed();
  }

  unblockAll(): void {
    this.#blocked.clear();
    for (const endpoint of this.#endpoints.values()) endpoint.linkHealed();
  }

  /** Connections between the two break; each side hears of it on its own, or only one of them for a while. */
  reset(one: string, other: string): void {
    this.#endpoints.get(one)?.breakStreamsTo(other);
    this.#endpoints.get(other)?.breakStreamsTo(one);
    for (const transfer of this.#transfers) if (transfer.isBetween(one, other)) transfer.cut('connection reset');
  }

  /** The machine is gone without a word: whoever is connected to it finds out by itself. */
  losePower(address: string): void {
    const endpoint = this.#endpoints.get(address);
    this.#endpoints.delete(address);
    endpoint?.vanish();
    this.#cutTransfersOf(address);
  }

  /** The process is dead and its kernel closes its connections. */
  loseProcess(address: string): void {
    const endpoint = this.#endpoints.get(address);
    this.#endpoints.delete(address);
    endpoint?.closedByKernel();
    this.#cutTransfersOf(address);
  }

  begin(transfer: SnapshotTransfer): void {
    this.#transfers.add(transfer);
  }

  end(transfer: SnapshotTransfer): void {
    this.#transfers.delete(transfer);
  }

  leave(endpoint: Endpoint): void {
    if (this.#endpoints.get(endpoint.address) === endpoint) this.#endpoints.delete(endpoint.address);
  }

  #cutTransfersOf(address: string): void {
    for (const transfer of this.#transfers) if (transfer.touches(address)) transfer.cut('peer is gone');
  }
}

/** One process's end of its streams: one it sends on and one it receives on for each peer. */
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
    this.#incoming.get(peer.memberId)?.replacedBy(stream, this);
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
    const again = (refusal?: RefusedHandshake): void => {
      this.#dialling.delete(id);
      if (refusal !== undefined) this.events!.refused(peer.address, refusal, 'Ours');
      if (this.#peer(id) !== undefined && !this.#isClosed) this.#dialSoon(id, attempt + 1);
    };
    const other = network.at(peer.address);
    if (
      other === undefined ||
      network.isBlocked(this.address, peer.address) ||
      network.isBlocked(peer.address, this.address)
    ) {
      this.life.after(network.random.between(1, 300), () => again());
      return;
    }
    network.scheduler.after(network.delayMs(), () => {
      // A paused acceptor answers when it goes on, a dead one never: the dialler gives up first then.
      let isAnswered = false;
      const giveUp = this.life.after(1000, () => {
        if (isAnswered) return;
        isAnswered = true;
        again();
      });
      other.life.deliver(() => {
        if (isAnswered || !this.life.isAlive || !other.isListening) return;
        const expected: Expected = { id: peer.id, incarnation: peer.incarnation };
        const refusal = other.refuses(this.hello!, expected);
        const stream = new Stream(network, this, other);
        if (refusal === null) other.accepted(stream);
        else other.events?.refused(this.address, refusal, 'Theirs');
        network.scheduler.after(network.delayMs(), () =>
          this.life.deliver(() => {
            giveUp.cancel();
            if (isAnswered) {
              stream.end('Broken', this);
              return;
            }
            isAnswered = true;
            if (refusal !== null) {
              again(refusal);
              return;
            }
            this.#welcomed(stream, id, refuseAnswerer(this.hello!, expected, other.hello!), again);
          }),
        );
      });
    });
  }

  #welcomed(
    stream: Stream,
    id: number,
    refusal: RefusedHandshake | null,
    again: (refusal?: RefusedHandshake) => void,
  ): void {
    if (refusal !== null) {
      stream.end('Broken', this);
      again(refusal);
      return;
    }
    if (!stream.opened()) {
      again();
      return;
    }
    this.#dialling.delete(id);
    this.#outgoing.set(id, stream);
    this.events!.connected(id, stream.to.hello!);
  }
}

/** As the real transport has it. */
const MAX_STRANGERS = 16;

type Queued = { readonly bytes: Buffer; readonly readyMs: number };

/** Frames from one process to another, in order, until it ends. Each side learns of the end by itself. */
export class Stream {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly #network: SimulatedNetwork;
  #queue: Queued[] = [];
  #isMoving = false;
  #isOpen = false;
  #hasEnded = false;
  #lastDeliveryMs = 0;
  #blockedSinceMs: number | null = null;

  constructor(network: SimulatedNetwork, from: Endpoint, to: Endpoint) {
    this.#network = network;
    this.from = from;
    this.to = to;
  }

  /** False when it has broken before the dialler knew that it was accepted. */
  opened(): boolean {
    this.#isOpen = !this.#hasEnded;
    return this.#isOpen;
  }

  send(frame: PeerFrame): void {
    if (!this.#isOpen || this.#hasEnded) return;
    const { settings, random, scheduler, trace } = this.#network;
    const bytes = encodeFrame(frame);
    const isRaft = frame.kind === 'Raft';
    if (isRaft && random.chance(settings.lossChance)) {
      trace.add(`lose ${this.#name()} ${bytes.length}`);
      return;
    }
    trace.add(`send ${this.#name()} ${describeFrame(frame)}`);
    if (isRaft && random.chance(settings.duplicateChance)) this.#deliverAlone(bytes);
    if (isRaft && random.chance(settings.reorderChance)) {
      this.#deliverAlone(bytes);
    } else {
      this.#queue.push({ bytes, readyMs: scheduler.nowMs + this.#network.delayMs() });
      this.move();
    }
  }

  /** Delivers what is at the head of the queue when it is due, unless the link is blocked. */
  move(): void {
    const head = this.#queue[0];
    if (head === undefined || this.#isMoving || this.#hasEnded) return;
    const { scheduler, random } = this.#network;
    if (this.#network.isBlocked(this.from.address, this.to.address)) {
      this.#giveUpEventually();
      return;
    }
    this.#blockedSinceMs = null;
    this.#isMoving = true;
    this.#lastDeliveryMs = Math.max(head.readyMs, this.#lastDeliveryMs, scheduler.nowMs);
    scheduler.after(this.#lastDeliveryMs - scheduler.nowMs + random.between(0, 0.01), () => {
      this.#isMoving = false;
      if (this.#hasEnded || this.#network.isBlocked(this.from.address, this.to.address)) return this.move();
      this.#queue.shift();
      this.#arrive(head.bytes);
      this.move();
    });
  }

  /** The connection is reset; both sides hear of it, at different times. */
  break(): void {
    this.#close();
    this.#tell(this.from, 'Broken', this.#network.random.between(0, 20));
    this.#tell(this.to, 'Broken', this.#network.random.between(0, this.#network.random.pick([20, 3000])));
  }

  /** One side closes; the other reads what was sent before, then the end. */
  end(how: 'Deliberate' | 'Broken', by: Endpoint): void {
    if (this.#hasEnded) return;
    const other = by === this.from ? this.to : this.from;
    // A kernel sends what a dead process had written, unless something unread makes it reset the connection.
    const isFlushed = how === 'Deliberate' || this.#network.random.chance(0.5);
    const remaining = by === this.from && isFlushed ? this.#queue.splice(0) : [];
    this.#close();
    by.ended(this, 'Deliberate');
    const { scheduler } = this.#network;
    const isBlocked = this.#network.isBlocked(by.address, other.address);
    if (isBlocked) {
      this.#tell(other, 'Broken', this.#network.random.between(500, 5000));
      return;
    }
    const delayMs = Math.max(this.#network.delayMs(), this.#lastDeliveryMs - scheduler.nowMs);
    for (const { bytes } of remaining) scheduler.after(delayMs, () => this.#arrive(bytes));
    this.#tell(other, how, delayMs);
  }

  otherSideVanished(vanished: Endpoint): void {
    const other = vanished === this.from ? this.to : this.from;
    this.#close();
    // Until then what is sent goes nowhere.
    this.#tell(other, 'Broken', this.#network.random.between(200, 4000));
  }

  /** The same peer has connected anew: nobody is told of the old stream's end. */
  replacedBy(_newer: Stream, _by: Endpoint): void {
    this.#close();
  }

  #close(): void {
    this.#hasEnded = true;
    this.#queue = [];
  }

  #tell(endpoint: Endpoint, how: 'Deliberate' | 'Broken', delayMs: number): void {
    this.#network.scheduler.after(delayMs, () =>
      endpoint.life.deliver(() => {
        this.#network.trace.add(`ended ${this.#name()} at ${endpoint.address} ${how}`);
        endpoint.ended(this, how);
      }),
    );
  }

  #giveUpEventually(): void {
    if (this.#blockedSinceMs !== null) return;
    const { scheduler, random } = this.#network;
    const sinceMs = scheduler.nowMs;
    this.#blockedSinceMs = sinceMs;
    scheduler.after(random.between(300, 6000), () => {
      if (this.#blockedSinceMs === sinceMs && !this.#hasEnded) this.break();
    });
  }

  #deliverAlone(bytes: Buffer): void {
    this.#network.scheduler.after(this.#network.delayMs() * this.#network.random.between(1, 20), () => {
      if (!this.#hasEnded && !this.#network.isBlocked(this.from.address, this.to.address)) this.#arrive(bytes);
    });
  }

  #arrive(bytes: Buffer): void {
    this.to.life.deliver(() => {
      const from = this.from.hello!.memberId;
      const frame = decodeFrame(bytes, from, this.to.hello!.memberId);
      this.#network.trace.add(`recv ${this.#name()} ${describeFrame(frame)}`);
      this.to.events!.frame(from, frame);
    });
  }

  #name(): string {
    return `${this.from.address}>${this.to.address}`;
  }
}
