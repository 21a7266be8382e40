/** Sends one snapshot to one peer, over as many connections as it takes. See snapshot-protocol.ts. */
import { Backoff } from './backoff.ts';
import { BodyReader } from './body-reader.ts';
import type { Connection, Traffic } from './connection.ts';
import { dial } from './dial.ts';
import { ConnectionLost, FrameQueue } from './frame-queue.ts';
import { FrameType } from './frame-types.ts';
import { writeOffer } from './greetings.ts';
import type { TcpNetworkOptions } from './options.ts';
import { ProtocolError } from './protocol-error.ts';
import { WINDOW_CHUNKS } from './snapshot-protocol.ts';
import type { TokenBucket } from './token-bucket.ts';
import type { Hello, Peer, SnapshotOffer } from './types.ts';

/** Connections in a row that bring nothing forward. */
const MAX_FRUITLESS_ATTEMPTS = 5;

/** The receiver does not want it, or could not use it: trying again at once would end the same. */
export class SnapshotRejected extends Error {
  override readonly name = 'SnapshotRejected';
}

export class SnapshotTransfer {
  readonly #options: TcpNetworkOptions;
  readonly #own: Hello;
  readonly #peer: Peer;
  readonly #traffic: Traffic;
  readonly #bucket: TokenBucket;
  readonly #offer: SnapshotOffer;
  readonly #chunks: (from: number) => AsyncIterable<Uint8Array>;
  #acknowledged = 0;
  #connection: Connection | null = null;
  #stopped: Error | null = null;
  /** Ends what is waited for just now. */
  #interrupt: (() => void) | null = null;

  constructor(
    options: TcpNetworkOptions,
    own: Hello,
    peer: Peer,
    traffic: Traffic,
    bucket: TokenBucket,
    offer: SnapshotOffer,
    chunks: (from: number) => AsyncIterable<Uint8Array>,
  ) {
    this.#options = options;
    this.#own = own;
    this.#peer = peer;
    this.#traffic = traffic;
    this.#bucket = bucket;
    this.#offer = offer;
    this.#chunks = chunks;
  }

  /** Resolves when the peer has installed it. */
  async run(): Promise<void> {
    const backoff = new Backoff(this.#options.reconnect, this.#options.random);
    for (let fruitless = 0; ; ) {
      const acknowledgedBefore = this.#acknowledged;
      try {
        await this.#attempt();
        return;
      } catch (error) {
        if (this.#stopped !== null) throw this.#stopped;
        if (!(error instanceof ConnectionLost)) throw error;
        if (this.#acknowledged > acknowledgedBefore) {
          fruitless = 0;
          backoff.reset();
        }
        fruitless += 1;
        if (fruitless === MAX_FRUITLESS_ATTEMPTS) throw error;
        this.#options.log.warn({ peer: this.#peer.id, reason: error.message }, 'snapshot_interrupted');
        await this.#wait(backoff.nextMs());
      }
    }
  }

  stop(reason: string): void {
    this.#stopped = new Error(`the snapshot to member ${this.#peer.id} was stopped: ${reason}`);
    this.#interrupt?.();
  }

  tick(): void {
    this.#connection?.tick();
  }

  async #attempt(): Promise<void> {
    const frames = new FrameQueue(WINDOW_CHUNKS + 2);
    const connection = await this.#connect(frames);
    this.#connection = connection;
    this.#interrupt = () => frames.close(connection, this.#stopped!.message);
    try {
      if (this.#stopped !== null) throw this.#stopped;
      await this.#converse(connection, frames);
      connection.close({ reason: 'done', refusal: null });
    } catch (error) {
      connection.close({ reason: (error as Error).message, refusal: null });
      throw error;
    } finally {
      this.#connection = null;
      this.#interrupt = null;
    }
  }

  async #converse(connection: Connection, frames: FrameQueue): Promise<void> {
    writeOffer(connection.writer, this.#offer);
    connection.flushSoon();
    const firstChunk = accepted(await frames.next());
    let inFlight = 0;
    const answered = (frame: Buffer): void => {
      checkAck(frame);
      inFlight -= 1;
      this.#acknowledged += 1;
    };
    for await (const chunk of this.#chunks(firstChunk)) {
      for (let frame = frames.poll(); frame !== null; frame = frames.poll()) answered(frame);
      while (inFlight >= WINDOW_CHUNKS) answered(await frames.next());
      await this.#wait(this.#bucket.takeMs(chunk.length, this.#options.clock.nowMs()));
      if (!connection.isOpen) continue; // `frames` throws the reason, in the next turn or after the last chunk
      connection.writer.begin(FrameType.SnapshotChunk);
      connection.writer.raw(chunk);
      if (!connection.writer.end()) {
        throw new Error(
          `a chunk of ${chunk.length} bytes is over the limit of ${this.#options.maxFrameBytes} bytes a frame`,
        );
      }
      inFlight += 1;
      await connection.drained();
    }
    if (connection.isOpen) {
      connection.writer.begin(FrameType.SnapshotComplete);
      connection.writer.end();
      connection.flushSoon();
    }
    while (inFlight > 0) answered(await frames.next());
    const last = await frames.next();
    if (last[0] !== FrameType.SnapshotInstalled) throw rejected(last);
  }

  #connect(frames: FrameQueue): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== null) return reject(this.#stopped);
      const attempt = dial(this.#options, this.#own, this.#peer, 'Snapshot', {
        connected: (connection) => {
          connection.established(frames, this.#traffic, true);
          this.#interrupt = null;
          resolve(connection);
        },
        failed: (reason) => reject(new ConnectionLost(reason)),
      });
      this.#interrupt = () => {
        attempt.cancel();
        reject(this.#stopped!);
      };
    });
  }

  async #wait(delayMs: number): Promise<void> {
    if (delayMs === 0) return;
    const whileWaiting = this.#interrupt;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(delayMs, resolve);
      this.#interrupt = () => {
        timer.cancel();
        whileWaiting?.();
        resolve();
      };
    });
    this.#interrupt = whileWaiting;
  }
}

function accepted(frame: Buffer): number {
  if (frame[0] === FrameType.SnapshotAccepted) return new BodyReader(frame).natural();
  throw rejected(frame);
}

function checkAck(frame: Buffer): void {
  if (frame[0] !== FrameType.SnapshotAck) throw rejected(frame);
}

function rejected(frame: Buffer): Error {
  if (frame[0] === FrameType.SnapshotDeclined) return new SnapshotRejected('the peer declined the snapshot');
  if (frame[0] === FrameType.SnapshotFailed) {
    return new SnapshotRejected(`the peer could not take the snapshot: ${new BodyReader(frame).text()}`);
  }
  return new ProtocolError(`a frame of type ${frame[0]} came out of its turn in a snapshot's transfer`);
}
