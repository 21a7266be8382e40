/**
 * The Raft log in segment files. One write is in flight; it is durable with one sync. Segments are made ready ahead,
 * only ever appended to, and deleted whole. After the first error nothing is written any more: a failed write or sync
 * is never tried again, because the kernel may have dropped what it could not write and call the next sync a success.
 */
import type { HardState } from '../../raft/types.ts';
import { LogFailed } from '../errors.ts';
import type { DurableConfiguration, LogBatch, LogPosition, RaftLog } from '../types.ts';
import { type Batch, measureBatch, writeBatch } from './batch-codec.ts';
import type { Inventory } from './inventory.ts';
import { type LogState, nextState } from './replay.ts';
import { type LogOptions, makeLogFolder, type OpenSegment, prepareSegment, segmentPath } from './segment-file.ts';

/** What was found at open. */
export type FoundLog = {
  readonly state: LogState;
  readonly inventory: Inventory;
  readonly lastSequence: number;
  /** Null as long as nothing was ever written. */
  readonly active: OpenSegment | null;
};

export class SegmentLog implements RaftLog {
  readonly #options: LogOptions;
  readonly #inventory: Inventory;
  #state: LogState;
  #active: OpenSegment | null;
  #sequence: number;
  #scratch: Buffer = Buffer.allocUnsafeSlow(16 * 1024);
  /** The next segment, made while this one fills. */
  #reserve: Promise<OpenSegment> | null = null;
  #failure: LogFailed | null = null;
  #isClosed = false;
  #lastWrite: Promise<void> = Promise.resolve();
  #lastDeletion: Promise<void> = Promise.resolve();

  constructor(options: LogOptions, found: FoundLog) {
    this.#options = options;
    this.#state = found.state;
    this.#inventory = found.inventory;
    this.#sequence = found.lastSequence;
    this.#active = found.active;
    if (found.active !== null) this.#prepareReserve(found.active.number + 1);
  }

  /** The state of the log as far as it is durable. */
  get state(): LogState {
    return this.#state;
  }

  get sizeBytes(): number {
    return this.#inventory.entryBytes;
  }

  append(batch: LogBatch): Promise<void> {
    return this.#enqueue(() => ({ kept: null, ...batch }));
  }

  cut(base: LogPosition): Promise<void> {
    return this.#enqueue(({ lastIndex, hardState }) => ({
      kept: { base, lastIndex },
      // Cut entries were applied, so they are committed, even if the core's last hard state did not say so yet.
      hardState: hardState.commit < base.index ? { ...hardState, commit: base.index } : null,
      configuration: null,
      entries: [],
    }));
  }

  /** Forgets everything: the log goes on after `base`, which the applied state stands for. */
  restart(base: LogPosition, hardState: HardState, configuration: DurableConfiguration): Promise<void> {
    return this.#enqueue(() => ({ kept: { base, lastIndex: base.index }, hardState, configuration, entries: [] }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([this.#lastWrite, this.#lastDeletion]);
    const reserve = await this.#reserve?.catch(() => null);
    await reserve?.file.close();
    await this.#active?.file.close();
  }

  #enqueue(make: (state: LogState) => Batch): Promise<void> {
    const write = this.#lastWrite.then(async () => {
      if (this.#failure !== null) throw this.#failure;
      if (this.#isClosed) throw new Error('the log is closed');
      try {
        await this.#write(make(this.#state));
      } catch (error) {
        throw this.#failed(error);
      }
    });
    this.#lastWrite = write.catch(() => {});
    return write;
  }

  async #write(batch: Batch): Promise<void> {
    const state = nextState(this.#state, batch);
    let measured = measureBatch(batch);
    let segment = this.#active;
    if (segment === null || segment.position + measured.bytes > segment.sizeBytes) {
      measured = measureBatch(withState(batch, this.#state));
      segment = await this.#takeReserve();
    }
    const { bytes } = measured;
    const target = this.#room(bytes);
    writeBatch(target, measured, this.#sequence + 1, segment.seed);
    await segment.file.write([target.subarray(0, bytes)], segment.position);
    await segment.file.sync();
    segment.position += bytes;
    this.#sequence++;
    this.#state = state;
    this.#inventory.add(batch, bytes);
    if (batch.kept !== null) this.#deleteOldSegments();
  }

  /** Most batches find room in what the last ones used. */
  #room(bytes: number): Buffer {
    if (bytes <= this.#scratch.length) return this.#scratch;
    const room = Buffer.allocUnsafeSlow(2 * bytes);
    if (room.length <= MAX_SCRATCH_BYTES) this.#scratch = room;
    return room;
  }

  /** The active segment is full, or there is none yet: goes on in the next. */
  async #takeReserve(): Promise<OpenSegment> {
    const { disk, folder } = this.#options;
    const number = (this.#active?.number ?? 0) + 1;
    if (this.#active === null) await makeLogFolder(disk, folder);
    const segment = (await this.#reserve?.catch(retryWhenFull)) ?? (await prepareSegment(this.#options, number));
    this.#reserve = null;
    await this.#active?.file.close();
    this.#active = segment;
    this.#inventory.begin(number);
    this.#prepareReserve(number + 1);
    return segment;
  }

  #prepareReserve(number: number): void {
    this.#reserve = prepareSegment(this.#options, number);
    // A failure is reported to whoever needs the segment: until then, a full disk is no failure of the log.
    this.#reserve.catch(() => {});
  }

  /** Oldest first and one by one, so that a crash never leaves a hole. Appends do not wait for it. */
  #deleteOldSegments(): void {
    const { disk, folder } = this.#options;
    for (const number of this.#inventory.takeDeletable(this.#state.base.index)) {
      const path = segmentPath(folder, number);
      this.#lastDeletion = this.#lastDeletion
        .then(async () => {
          if (this.#failure !== null) return;
          await disk.remove(path);
          await disk.syncFolder(folder);
        })
        .catch((error: unknown) => void this.#failed(error));
    }
  }

  #failed(error: unknown): LogFailed {
    this.#failure ??= new LogFailed(error);
    return this.#failure;
  }
}

/** Kept between batches. */
const MAX_SCRATCH_BYTES = 2 * 1024 * 1024;

/** The first batch of a segment says all that is needed of those before it. */
function withState(batch: Batch, before: LogState): Batch {
  return {
    kept: batch.kept ?? { base: before.base, lastIndex: before.lastIndex },
    hardState: batch.hardState ?? before.hardState,
    configuration: batch.configuration ?? before.configuration,
    entries: batch.entries,
  };
}

/** Room may have come back since the reserve could not be made. Any other error is final. */
function retryWhenFull(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOSPC') return null;
  throw error;
}
