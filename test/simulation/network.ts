/**
 * The network between simulated machines: a `Network` for each process, and what a test needs to cut, slow and reset it.
 *
 * A stream is ordered, as a TCP connection is: a blocked link holds what was sent until it heals or until one side gives
 * up, and a reset loses everything that was on its way. In harsh runs single frames of the Raft protocol are also lost,
 * repeated and reordered, which the core promises to bear; all other frames rely on the order.
 */
import type { Hello, Network, PeerFrame } from '../../node/transport/types.ts';
import { Endpoint } from './endpoint.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { SnapshotTransfer } from './snapshot-transfer.ts';
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
