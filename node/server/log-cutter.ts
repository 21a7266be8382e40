/**
 * Keeps the log short: when it holds more than its limit, the applied state is flushed and what the flush covers is cut,
 * but for a tail that lets slow followers catch up without a snapshot.
 */
import type { Raft } from '../raft/raft.ts';
import type { Entry } from '../raft/types.ts';
import type { LogPosition } from '../storage/types.ts';

export type LogCutterDependencies = {
  readonly raft: Raft;
  readonly maxLogBytes: number;
  readonly logTailBytes: number;
  readonly appliedIndex: () => number;
  /** Resolves when everything applied before the call is durable. */
  readonly flush: () => Promise<void>;
  /** Durable when it resolves. */
  readonly cut: (base: LogPosition) => Promise<void>;
  readonly fatal: (error: unknown) => void;
};

/** An entry in memory costs about this much beside its data: a log of many small entries must be cut too. */
const ENTRY_OVERHEAD_BYTES = 128;

export class LogCutter {
  readonly #with: LogCutterDependencies;
  #bytes: number;
  #isCutting = false;

  /** @param restored what the log held at start */
  constructor(dependencies: LogCutterDependencies, restored: readonly Entry[]) {
    this.#with = dependencies;
    this.#bytes = restored.reduce((bytes, entry) => bytes + sizeOf(entry), 0);
  }

  /** To be told how many entries were applied, and how much data they had. */
  applied(entries: number, dataBytes: number): void {
    this.#bytes += dataBytes + entries * ENTRY_OVERHEAD_BYTES;
    if (this.#bytes <= this.#with.maxLogBytes || this.#isCutting) return;
    this.#isCutting = true;
    this.#cut().then(() => {
      this.#isCutting = false;
    }, this.#with.fatal);
  }

  async #cut(): Promise<void> {
    const { raft, appliedIndex, flush, cut } = this.#with;
    // Read before the flush: what is applied while it runs may not be covered by it.
    const coveredIndex = appliedIndex();
    await flush();
    const base = this.#keepTail(coveredIndex);
    if (base === null) return;
    await cut(base);
    raft.compact(base.index);
  }

  /** The highest position to cut at that leaves the wanted tail behind it. */
  #keepTail(coveredIndex: number): LogPosition | null {
    const { raft, logTailBytes } = this.#with;
    const { firstIndex, lastIndex } = raft.status();
    let bytes = 0;
    const entries = raft.entriesFrom(firstIndex, Number.MAX_SAFE_INTEGER);
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i] as Entry;
      const size = sizeOf(entry);
      bytes += size;
      if (bytes <= logTailBytes || entry.index > coveredIndex) continue;
      this.#bytes = bytes - size;
      return { index: entry.index, term: entry.term };
    }
    if (lastIndex >= firstIndex) this.#bytes = bytes;
    return null;
  }
}

function sizeOf(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}
