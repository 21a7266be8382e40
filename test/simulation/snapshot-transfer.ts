/**
 * One snapshot on its way over the simulated network: offered, sent chunk by chunk, then installed or refused.
 * It breaks when the connection is reset, when a process dies, or when its link is blocked for too long.
 */
import type { SnapshotOffer, SnapshotReceiver } from '../../node/transport/types.ts';
import type { Endpoint } from './endpoint.ts';
import type { SimulatedNetwork } from './network.ts';

const GIVE_UP_AFTER_MS = 5000;

export class SnapshotTransfer {
  readonly #network: SimulatedNetwork;
  readonly #from: Endpoint;
  readonly #to: Endpoint;
  readonly #offer: SnapshotOffer;
  readonly #chunks: (from: number) => AsyncIterable<Uint8Array>;
  readonly #broken = Promise.withResolvers<never>();
  #receiver: SnapshotReceiver | null = null;
  #isOver = false;

  constructor(
    network: SimulatedNetwork,
    from: Endpoint,
    to: Endpoint,
    offer: SnapshotOffer,
    chunks: (from: number) => AsyncIterable<Uint8Array>,
  ) {
    this.#network = network;
    this.#from = from;
    this.#to = to;
    this.#offer = offer;
    this.#chunks = chunks;
    this.#broken.promise.catch(() => {});
  }

  isBetween(one: string, other: string): boolean {
    return this.touches(one) && this.touches(other);
  }

  touches(address: string): boolean {
    return this.#from.address === address || this.#to.address === address;
  }

  cut(reason: string): void {
    this.#broken.reject(new Error(`snapshot transfer broke off: ${reason}`));
  }

  /** Rejects when it failed, on the sender's side. */
  async run(): Promise<void> {
    this.#note('offered');
    try {
      await this.#hop(this.#from, this.#to);
      const from = this.#from.hello!.memberId;
      const receiver = await this.#atReceiver(async () => {
        const accepted = await this.#to.events!.snapshotOffered(from, this.#offer);
        this.#receiver = accepted;
        // Broken meanwhile: whoever has accepted must hear of it.
        if (this.#isOver) accepted?.aborted(new Error('the transfer broke off before it began'));
        return accepted;
      });
      await this.#hop(this.#to, this.#from);
      if (receiver === null) throw new Error(`snapshot ${this.#offer.id} was declined`);
      await this.#send(receiver);
      await this.#hop(this.#to, this.#from);
      this.#note('installed');
    } catch (error) {
      this.#note(`failed: ${(error as Error).message}`);
      this.#abort(error as Error);
      throw error;
    }
  }

  async #send(receiver: SnapshotReceiver): Promise<void> {
    const chunks = this.#chunks(receiver.firstChunk)[Symbol.asyncIterator]();
    try {
      for (;;) {
        // The disk of a sender that has died gives no chunk any more; the receiver must hear that nothing comes.
        const chunk = await Promise.race([chunks.next(), this.#broken.promise]);
        if (chunk.done === true) break;
        // Chunks have a connection of their own, which a harsh network breaks rather than to lose one.
        if (this.#network.random.chance(this.#network.settings.lossChance)) this.cut('connection reset');
        const bytes = Buffer.from(chunk.value);
        await this.#hop(this.#from, this.#to);
        this.#note(`chunk of ${bytes.length}`);
        await this.#atReceiver(() => receiver.chunk(bytes));
      }
    } finally {
      void chunks.return?.();
    }
    await this.#hop(this.#from, this.#to);
    await this.#atReceiver(() => {
      this.#isOver = true;
      return receiver.complete();
    });
  }

  /** The receiver hears of it too, unless it has everything. */
  #abort(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const receiver = this.#receiver;
    if (receiver !== null) this.#to.life.after(this.#network.delayMs(), () => receiver.aborted(error));
  }

  #atReceiver<T>(action: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#to.life.deliver(() => void action().then(resolve, reject));
    return Promise.race([promise, this.#broken.promise]);
  }

  /** From one side to the other, however long that takes. */
  #hop(from: Endpoint, to: Endpoint): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { scheduler } = this.#network;
    const startedMs = scheduler.nowMs;
    const attempt = (): void => {
      if (!to.life.isAlive) this.cut('nobody answers');
      else if (!this.#network.isBlocked(from.address, to.address)) to.life.deliver(resolve);
      else if (scheduler.nowMs - startedMs > GIVE_UP_AFTER_MS) this.cut('nothing was heard for too long');
      else scheduler.after(50, attempt);
    };
    scheduler.after(this.#network.delayMs(), attempt);
    return Promise.race([promise, this.#broken.promise]);
  }

  #note(what: string): void {
    this.#network.trace.add(`snapshot ${this.#from.address}>${this.#to.address} ${this.#offer.id} ${what}`);
  }
}
