/** Brings followers that are too far behind for the log up to date: one stream a peer, content taken between two applies. */
import type { MemberId } from '../raft/types.ts';
import type { SnapshotSource } from '../storage/types.ts';
import type { Network } from '../transport/types.ts';
import type { Clock } from './clock.ts';
import type { Observer } from './observer.ts';

export type SnapshotSenderEvents = {
  /** Consistent content and what it stands for. */
  open(): Promise<{ readonly source: SnapshotSource; readonly raftTerm: number }>;
  finished(to: MemberId, outcome: 'Installed' | 'Failed'): void;
};

export class SnapshotSender {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #events: SnapshotSenderEvents;
  readonly #sending = new Set<MemberId>();
  #isStopped = false;

  constructor(network: Network, clock: Clock, observer: Observer, events: SnapshotSenderEvents) {
    this.#network = network;
    this.#clock = clock;
    this.#observer = observer;
    this.#events = events;
  }

  send(to: MemberId): void {
    if (this.#sending.has(to) || this.#isStopped) return;
    this.#sending.add(to);
    const startedMs = this.#clock.nowMs();
    void this.#transfer(to)
      .then(
        () => 'Installed' as const,
        (error: unknown) => {
          this.#observer.log('warn', 'snapshot_send_failed', { to, error: String(error) });
          return 'Failed' as const;
        },
      )
      .then((outcome) => {
        this.#sending.delete(to);
        this.#observer.snapshotSent((this.#clock.nowMs() - startedMs) / 1000, outcome);
        if (!this.#isStopped) this.#events.finished(to, outcome);
      });
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #transfer(to: MemberId): Promise<void> {
    const { source, raftTerm } = await this.#events.open();
    const { header } = source;
    try {
      this.#observer.log('info', 'snapshot_send_started', { to, index: header.index, term: header.term });
      await this.#network.sendSnapshot(to, { id: source.id, term: raftTerm, header }, (from) =>
        this.#counted(source.chunks(from)),
      );
      this.#observer.log('info', 'snapshot_sent', { to, index: header.index });
    } finally {
      await source.close();
    }
  }

  async *#counted(chunks: AsyncIterable<Buffer>): AsyncIterable<Uint8Array> {
    for await (const chunk of chunks) {
      this.#observer.snapshotBytes('sent', chunk.length);
      yield chunk;
    }
  }
}
