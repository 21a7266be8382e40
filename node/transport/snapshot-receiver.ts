/** Snapshots that peers send here: one at a time from each. See snapshot-protocol.ts. */
import type { MemberId } from '../raft/types.ts';
import type { Connection, Traffic } from './connection.ts';
import { FrameQueue } from './frame-queue.ts';
import { FrameType } from './frame-types.ts';
import { readOffer } from './greetings.ts';
import type { TransportLog } from './options.ts';
import { ProtocolError } from './protocol-error.ts';
import { WINDOW_CHUNKS } from './snapshot-protocol.ts';
import type { NetworkEvents, SnapshotReceiver } from './types.ts';

type Transfer = { readonly connection: Connection; readonly frames: FrameQueue; readonly done: Promise<void> };

export class SnapshotIntake {
  readonly #events: NetworkEvents;
  readonly #log: TransportLog;
  readonly #transfers = new Map<MemberId, Transfer>();

  constructor(events: NetworkEvents, log: TransportLog) {
    this.#events = events;
    this.#log = log;
  }

  /** A connection for a snapshot. An earlier transfer of the same peer has lost its connection, even if we do not know yet. */
  accept(connection: Connection, from: MemberId, traffic: Traffic): void {
    const earlier = this.#transfers.get(from);
    this.stop(from, 'replaced by a newer transfer');
    const frames = new FrameQueue(WINDOW_CHUNKS + 1);
    connection.established(frames, traffic, false);
    const done = this.#receive(connection, frames, from, earlier?.done ?? Promise.resolve());
    const transfer = { connection, frames, done };
    this.#transfers.set(from, transfer);
    void done.then(() => {
      if (this.#transfers.get(from) === transfer) this.#transfers.delete(from);
    });
  }

  stop(from: MemberId, reason: string): void {
    const transfer = this.#transfers.get(from);
    if (transfer !== undefined) transfer.frames.close(transfer.connection, reason);
  }

  async stopAll(reason: string): Promise<void> {
    const transfers = [...this.#transfers];
    for (const [from] of transfers) this.stop(from, reason);
    await Promise.all(transfers.map(([, transfer]) => transfer.done));
  }

  tick(): void {
    for (const { connection } of this.#transfers.values()) connection.tick();
  }

  /** Never rejects. */
  async #receive(connection: Connection, frames: FrameQueue, from: MemberId, earlier: Promise<void>): Promise<void> {
    await earlier;
    let receiver: SnapshotReceiver | null = null;
    let isComplete = false;
    try {
      const offer = await frames.next();
      if (offer[0] !== FrameType.SnapshotOffer) throw unexpected(offer);
      receiver = await this.#events.snapshotOffered(from, readOffer(offer));
      if (receiver === null) return answer(connection, FrameType.SnapshotDeclined, 'declined');
      connection.writer.begin(FrameType.SnapshotAccepted);
      connection.writer.natural(receiver.firstChunk);
      connection.writer.end();
      connection.flushSoon();
      for (;;) {
        const frame = await frames.next();
        if (frame[0] === FrameType.SnapshotChunk) {
          await receiver.chunk(frame.subarray(1));
          if (!connection.isOpen) continue;
          connection.writer.begin(FrameType.SnapshotAck);
          connection.writer.end();
          connection.flushSoon();
        } else if (frame[0] === FrameType.SnapshotComplete) {
          isComplete = true;
          await receiver.complete();
          return answer(connection, FrameType.SnapshotInstalled, 'installed');
        } else {
          throw unexpected(frame);
        }
      }
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      this.#log.warn({ peer: from, reason: reason.message }, 'snapshot_not_received');
      answer(connection, FrameType.SnapshotFailed, reason.message);
      if (receiver !== null && !isComplete) receiver.aborted(reason);
    }
  }
}

function answer(connection: Connection, type: number, message: string): void {
  if (!connection.isOpen) return;
  connection.writer.begin(type);
  connection.writer.text(message);
  connection.writer.end();
  connection.close({ reason: message, refusal: null });
}

function unexpected(frame: Buffer): ProtocolError {
  return new ProtocolError(`a frame of type ${frame[0]} came out of its turn in a snapshot's transfer`);
}
