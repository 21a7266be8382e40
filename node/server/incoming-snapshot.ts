/**
 * A snapshot that a leader sends us: chunks go to a staged folder, then the core decides whether it is still wanted, then
 * the log writer installs it in its turn.
 */
import type { MemberId, SnapshotMetadata } from '../raft/types.ts';
import type { DataFolder, IncomingSnapshot } from '../storage/types.ts';
import { configurationOf } from '../store/membership.ts';
import type { SnapshotOffer, SnapshotReceiver } from '../transport/types.ts';
import type { Clock } from './clock.ts';
import type { Observer } from './observer.ts';

export type SnapshotInstaller = {
  /** Hands the complete snapshot to the core; false when it is no longer of use. */
  offerToCore(from: MemberId, term: number, snapshot: SnapshotMetadata): boolean;
};

type Staged = {
  readonly snapshot: IncomingSnapshot;
  readonly index: number;
  readonly installed: () => void;
  readonly failed: (error: Error) => void;
};

export class IncomingSnapshots {
  readonly #folder: DataFolder;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #installer: SnapshotInstaller;
  #isReceiving = false;
  #staged: Staged | null = null;

  constructor(folder: DataFolder, clock: Clock, observer: Observer, installer: SnapshotInstaller) {
    this.#folder = folder;
    this.#clock = clock;
    this.#observer = observer;
    this.#installer = installer;
  }

  /** Null declines: one at a time, and a leader asks again. */
  async offered(from: MemberId, offer: SnapshotOffer): Promise<SnapshotReceiver | null> {
    if (this.#isReceiving) return null;
    this.#isReceiving = true;
    const startedMs = this.#clock.nowMs();
    try {
      const snapshot = await this.#begin(offer);
      this.#observer.log('info', 'snapshot_receive_started', {
        from,
        index: offer.header.index,
        first_chunk: snapshot.chunkCount,
      });
      const finished = (outcome: 'Installed' | 'Failed'): void => {
        this.#isReceiving = false;
        this.#observer.snapshotReceived((this.#clock.nowMs() - startedMs) / 1000, outcome);
      };
      return {
        firstChunk: snapshot.chunkCount,
        chunk: async (bytes) => {
          await snapshot.write(bytes);
          this.#observer.snapshotBytes('received', bytes.length);
        },
        complete: async () => {
          try {
            await snapshot.finish();
            await this.#install(from, offer, snapshot);
            finished('Installed');
          } catch (error) {
            finished('Failed');
            throw error;
          }
        },
        aborted: () => finished('Failed'),
      };
    } catch (error) {
      this.#isReceiving = false;
      throw error;
    }
  }

  /** The staged snapshot of this index, for the log writer to install; it must be there once the core has asked for it. */
  take(index: number): Staged {
    const staged = this.#staged;
    if (staged === null || staged.index !== index)
      throw new Error(`the core asked for a snapshot at ${index} that is not staged`);
    this.#staged = null;
    return staged;
  }

  async #begin(offer: SnapshotOffer): Promise<IncomingSnapshot> {
    const resumable = this.#folder.resumableSnapshot();
    if (resumable !== null && resumable.id === offer.id) return resumable;
    if (resumable !== null) await resumable.discard();
    return this.#folder.startSnapshot(offer.id, offer.header);
  }

  async #install(from: MemberId, offer: SnapshotOffer, snapshot: IncomingSnapshot): Promise<void> {
    const { index, term, membership } = offer.header;
    const installed = new Promise<void>((resolve, reject) => {
      this.#staged = { snapshot, index, installed: resolve, failed: reject };
    });
    if (this.#installer.offerToCore(from, offer.term, { index, term, configuration: configurationOf(membership) }))
      return installed;
    this.#staged = null;
    await snapshot.discard();
  }
}
