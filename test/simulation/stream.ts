/**
 * Frames from one process to another, in order, until the stream ends. Each side hears of the end on its own, and not
 * at the same time. Only Raft frames may be lost, repeated or reordered, as the network's settings say.
 */
import type { PeerFrame } from '../../node/transport/types.ts';
import { describeFrame } from './describe-frame.ts';
import type { Endpoint } from './endpoint.ts';
import { decodeFrame, encodeFrame } from './frame-bytes.ts';
import type { SimulatedNetwork } from './network.ts';

type Queued = { readonly bytes: Buffer; readonly readyMs: number };

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

  /** The connection is reset. */
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

  /** A newer stream of the same peer takes its place: neither side is told that this one has ended. */
  discard(): void {
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
