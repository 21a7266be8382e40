/**
 * Refuses growth before a disk is full: a failed write of the log ends a process, so the leader must stop before that,
 * for its own disk and for every voter's that reports.
 */
import type { MemberId } from '../raft/types.ts';
import type { Clock } from './clock.ts';
import type { Observer } from './observer.ts';

const MEASURE_EVERY_MS = 500;
/** A report that is not repeated this long is over: the member is gone, or has space again. */
const REPORT_VALID_MS = 2000;

export class SpaceGuard {
  readonly #clock: Clock;
  readonly #freeBytes: () => Promise<number>;
  readonly #lowBytes: number;
  readonly #resumeBytes: number;
  readonly #observer: Observer;
  readonly #reports = new Map<MemberId, number>();
  #isLow = false;
  #isMeasuring = false;
  #lastMeasuredMs = Number.NEGATIVE_INFINITY;

  /** @param resumeBytes above `lowBytes`: growth is allowed again only from there on, so that it does not flap */
  constructor(
    clock: Clock,
    freeBytes: () => Promise<number>,
    lowBytes: number,
    resumeBytes: number,
    observer: Observer,
  ) {
    this.#clock = clock;
    this.#freeBytes = freeBytes;
    this.#lowBytes = lowBytes;
    this.#resumeBytes = resumeBytes;
    this.#observer = observer;
  }

  /** Whether this member's own disk is low. */
  get isLow(): boolean {
    return this.#isLow;
  }

  isGrowthRefused(nowMs: number): boolean {
    if (this.#isLow) return true;
    for (const reportedMs of this.#reports.values()) if (nowMs - reportedMs < REPORT_VALID_MS) return true;
    return false;
  }

  /** Who has reported to this member that its disk is low. */
  reporters(nowMs: number): MemberId[] {
    return [...this.#reports].filter(([, reportedMs]) => nowMs - reportedMs < REPORT_VALID_MS).map(([id]) => id);
  }

  reported(from: MemberId, isLow: boolean, nowMs: number): void {
    if (isLow) this.#reports.set(from, nowMs);
    else this.#reports.delete(from);
  }

  tick(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#isMeasuring || nowMs - this.#lastMeasuredMs < MEASURE_EVERY_MS) return;
    this.#isMeasuring = true;
    this.#lastMeasuredMs = nowMs;
    this.#freeBytes().then(
      (freeBytes) => {
        this.#isMeasuring = false;
        const isLow = freeBytes < (this.#isLow ? this.#resumeBytes : this.#lowBytes);
        if (isLow !== this.#isLow)
          this.#observer.log(isLow ? 'error' : 'info', isLow ? 'disk_low' : 'disk_recovered', {
            free_bytes: freeBytes,
          });
        this.#isLow = isLow;
      },
      (error: unknown) => {
        this.#isMeasuring = false;
        this.#observer.log('warn', 'disk_not_measured', { error: String(error) });
      },
    );
  }
}
