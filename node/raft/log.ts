/**
 * The replicated log in memory: every entry that is not cut yet, and how far it is handed to the disk, durable,
 * committed, handed out for applying, and applied.
 *
 *   base.index <= applied <= applying <= committed <= lastIndex, and durable <= handedOut <= lastIndex
 *
 * An accepted snapshot restarts the log at its index at once; until it is installed nothing is applied.
 */
import { entrySizeBytes, totalSizeBytes } from './entry-size.ts';
import { assert } from './invariant.ts';
import { type AppendToken, type Entry, EntryKind, type HardState, type SnapshotMetadata } from './types.ts';

export type Position = { readonly index: number; readonly term: number };

/** One batch given to the disk and not yet reported durable. */
type Write = {
  readonly token: AppendToken;
  readonly hardState: HardState | null;
  /**
   * What its completion proves. Lowered when the log is truncated meanwhile: the bytes on disk are then not the entries
   * that stand at those indexes now (the ABA problem of acknowledged appends in etcd-io/raft).
   */
  through: number;
};

/** Committed entries that were handed out and are not reported applied. */
type Apply = { readonly lastIndex: number; readonly sizeBytes: number };

export class Log {
  #base: Position;
  /** `#entries[i]` has index `#base.index + 1 + i`. */
  #entries: Entry[];
  #handedOut: number;
  #durable: number;
  #committed: number;
  #lastCommittedConfiguration: number;
  #applying: number;
  #applied: number;
  #snapshot: SnapshotMetadata | null = null;
  #isSnapshotHandedOut = false;
  #writes: Write[] = [];
  #sequence = 0;
  #applies: Apply[] = [];
  #applyingBytes = 0;
  /** The size of committed entries that were not handed out for applying yet. */
  #waitingBytes = 0;
  readonly #maxApplyingBytes: number;

  constructor(base: Position, entries: readonly Entry[], committed: number, applied: number, maxApplyingBytes: number) {
    this.#base = base;
    this.#entries = [];
    this.#maxApplyingBytes = maxApplyingBytes;
    this.append(entries);
    const last = this.lastIndex;
    assert(
      committed >= base.index && committed <= last,
      `commit ${committed} outside the log (${base.index}, ${last}]`,
    );
    assert(applied >= base.index, `applied ${applied} is before the log's base ${base.index}`);
    assert(applied <= committed, `applied ${applied} is above commit ${committed}`);
    this.#handedOut = last;
    this.#durable = last;
    this.#committed = committed;
    this.#lastCommittedConfiguration = this.#lastConfiguration(base.index, committed);
    this.#applying = applied;
    this.#applied = applied;
    this.#waitingBytes = this.sizeBytes(applied, committed);
  }

  get base(): Position {
    return this.#base;
  }
  get firstIndex(): number {
    return this.#base.index + 1;
  }
  get lastIndex(): number {
    return this.#base.index + this.#entries.length;
  }
  get lastTerm(): number {
    return this.#entries.length === 0 ? this.#base.term : (this.#entries[this.#entries.length - 1] as Entry).term;
  }
  get durableIndex(): number {
    return this.#durable;
  }
  get committed(): number {
    return this.#committed;
  }
  /** Index of the last committed Configuration entry that the log still holds or has held; 0 when none. */
  get lastCommittedConfiguration(): number {
    return this.#lastCommittedConfiguration;
  }
  /** Handed out for applying through here. */
  get applying(): number {
    return this.#applying;
  }
  get applied(): number {
    return this.#applied;
  }
  /** Committed and not reported applied. */
  get unappliedBytes(): number {
    return this.#waitingBytes + this.#applyingBytes;
  }
  get isInstallingSnapshot(): boolean {
    return this.#snapshot !== null;
  }
  get hasWritesInFlight(): boolean {
    return this.#writes.length > 0;
  }
  /** Entries or a snapshot that the disk has not been given yet. */
  get hasUnwritten(): boolean {
    return this.#handedOut < this.lastIndex || (this.#snapshot !== null && !this.#isSnapshotHandedOut);
  }

  /** Undefined where the log does not reach: cut, or not there yet. */
  termAt(index: number): number | undefined {
    if (index === this.#base.index) return this.#base.term;
    return this.#entries[index - this.#base.index - 1]?.term;
  }

  matches(index: number, term: number): boolean {
    return this.termAt(index) === term;
  }

  /** Section 3.6.1: the later term wins, then the longer log. */
  isUpToDate(lastIndex: number, lastTerm: number): boolean {
    const ownTerm = this.lastTerm;
    return lastTerm > ownTerm || (lastTerm === ownTerm && lastIndex >= this.lastIndex);
  }

  /** Adds entries at the end; the first must follow on what is there. */
  append(entries: readonly Entry[]): void {
    let index = this.lastIndex;
    let term = this.lastTerm;
    for (const entry of entries) {
      index++;
      assert(entry.index === index, () => `entry ${entry.index} where ${index} is due`);
      assert(entry.term >= term, () => `term falls from ${term} to ${entry.term} at entry ${index}`);
      term = entry.term;
      this.#entries.push(entry);
    }
  }

  /**
   * A leader's entries (figure 3.1, AppendEntries 3 and 4). What is already there stays: a delayed message must not cut
   * off what a later one brought. Only a real conflict removes the tail.
   */
  overwrite(entries: readonly Entry[]): void {
    let known = 0;
    while (known < entries.length) {
      const entry = entries[known] as Entry;
      if (!this.matches(entry.index, entry.term)) break;
      known++;
    }
    if (known === entries.length) return;
    const conflict = (entries[known] as Entry).index;
    assert(conflict > this.#committed, () => `entry ${conflict} conflicts with committed ${this.#committed}`);
    if (conflict <= this.lastIndex) this.#truncateFrom(conflict);
    this.append(known === 0 ? entries : entries.slice(known));
  }

  /** From `index` through at most `lastIndex`, at most `maxBytes` but at least one. The entries themselves are shared. */
  slice(index: number, maxBytes: number, through: number = this.lastIndex): readonly Entry[] {
    assert(index > this.#base.index, () => `entry ${index} is cut (base ${this.#base.index})`);
    const start = index - this.#base.index - 1;
    const limit = through - this.#base.index;
    let end = start;
    let bytes = 0;
    while (end < limit) {
      bytes += entrySizeBytes(this.#entries[end] as Entry);
      if (bytes > maxBytes && end > start) break;
      end++;
    }
    return this.#entries.slice(start, end);
  }

  /** The size of the entries in (after, through]. */
  sizeBytes(after: number, through: number): number {
    let bytes = 0;
    for (let at = after - this.#base.index; at < through - this.#base.index; at++) {
      bytes += entrySizeBytes(this.#entries[at] as Entry);
    }
    return bytes;
  }

  /**
   * Where this log may agree with another of which only one entry's position is known: the highest index not above
   * `index` with a term not above `term`. Skips a whole diverged tail at once, on either side (section 5.3 of the Raft
   * paper, at most one probe per term). Term 0 when the position is out of reach.
   */
  conflictHint(index: number, term: number): Position {
    for (let at = index; at > 0; at--) {
      const ownTerm = this.termAt(at);
      if (ownTerm === undefined) return { index: at, term: 0 };
      if (ownTerm <= term) return { index: at, term: ownTerm };
    }
    return { index: 0, term: 0 };
  }

  /** Index of the last Configuration entry, 0 when the log holds none. */
  lastConfiguration(): number {
    return this.#lastConfiguration(this.#base.index, this.lastIndex);
  }

  commitTo(index: number): void {
    if (index <= this.#committed) return;
    assert(
      index <= this.lastIndex,
      () => `commit ${index} is beyond the last entry ${this.lastIndex}: acknowledged entries were lost here`,
    );
    const configuration = this.#lastConfiguration(this.#committed, index);
    if (configuration !== 0) this.#lastCommittedConfiguration = configuration;
    this.#waitingBytes += this.sizeBytes(this.#committed, index);
    this.#committed = index;
  }

  /** Restarts the log after the snapshot. A suffix that conflicts must not survive (hashicorp/raft#697). */
  restore(snapshot: SnapshotMetadata): void {
    assert(
      snapshot.index > this.#committed,
      () => `snapshot ${snapshot.index} is not ahead of commit ${this.#committed}`,
    );
    // Of what is on disk or on its way only the committed prefix is still part of the log.
    this.#forgetWritesAbove(this.#committed);
    this.#base = { index: snapshot.index, term: snapshot.term };
    this.#entries = [];
    this.#handedOut = snapshot.index;
    this.#committed = snapshot.index;
    this.#waitingBytes = 0;
    this.#snapshot = snapshot;
    this.#isSnapshotHandedOut = false;
  }

  /** Takes everything that the disk has not been given yet, as the next batch. */
  startWrite(hardState: HardState | null): {
    readonly entries: readonly Entry[];
    readonly snapshot: SnapshotMetadata | null;
    readonly token: AppendToken;
  } {
    const entries = this.#entries.slice(this.#handedOut - this.#base.index);
    const snapshot = this.#isSnapshotHandedOut ? null : this.#snapshot;
    const token: AppendToken = {
      lastIndex: this.lastIndex,
      lastTerm: this.lastTerm,
      snapshotIndex: snapshot?.index ?? 0,
      sequence: ++this.#sequence,
    };
    this.#writes.push({ token, hardState, through: token.lastIndex });
    this.#handedOut = token.lastIndex;
    if (snapshot !== null) this.#isSnapshotHandedOut = true;
    return { entries, snapshot, token };
  }

  /** This batch and all before it are durable. Returns the newest hard state among them. */
  finishWrite(token: AppendToken): HardState | null {
    assert(token.sequence <= this.#sequence, () => `batch ${token.sequence} was never handed out`);
    let hardState: HardState | null = null;
    while (this.#writes.length > 0) {
      const write = this.#writes[0] as Write;
      if (write.token.sequence > token.sequence) break;
      this.#writes.shift();
      this.#becomeDurable(write);
      hardState = write.hardState ?? hardState;
    }
    return hardState;
  }

  /**
   * The next committed entries to apply. Only durable ones: a store that ran ahead of its own log could not be told, after
   * a crash, from one whose log was lost. Bounded until `appliedTo` makes room.
   */
  takeCommitted(): readonly Entry[] {
    const through = Math.min(this.#committed, this.#durable);
    if (this.#snapshot !== null || this.#applying >= through) return [];
    const entries = this.slice(this.#applying + 1, this.#maxApplyingBytes - this.#applyingBytes, through);
    const sizeBytes = totalSizeBytes(entries);
    if (this.#applyingBytes > 0 && this.#applyingBytes + sizeBytes > this.#maxApplyingBytes) return [];
    this.#applying += entries.length;
    this.#waitingBytes -= sizeBytes;
    this.#applyingBytes += sizeBytes;
    this.#applies.push({ lastIndex: this.#applying, sizeBytes });
    return entries;
  }

  /** Reports that come late, from before a snapshot was installed, say nothing new. */
  appliedTo(index: number): void {
    assert(
      index <= this.#applying,
      () => `applied ${index}, but entries were handed out only through ${this.#applying}`,
    );
    while (this.#applies.length > 0 && (this.#applies[0] as Apply).lastIndex <= index) {
      this.#applyingBytes -= (this.#applies.shift() as Apply).sizeBytes;
    }
    this.#applied = Math.max(this.#applied, index);
  }

  /** Forgets entries through `index`. */
  compact(index: number): void {
    assert(index <= this.#applied, () => `cut at ${index} is above applied ${this.#applied}`);
    if (index <= this.#base.index) return;
    const term = this.termAt(index) as number;
    this.#entries.splice(0, index - this.#base.index);
    this.#base = { index, term };
  }

  #lastConfiguration(after: number, through: number): number {
    for (let index = through; index > after; index--) {
      if (this.#entries[index - this.#base.index - 1]?.kind === EntryKind.Configuration) return index;
    }
    return 0;
  }

  #truncateFrom(index: number): void {
    this.#entries.length = index - this.#base.index - 1;
    this.#handedOut = Math.min(this.#handedOut, index - 1);
    this.#forgetWritesAbove(index - 1);
  }

  #forgetWritesAbove(index: number): void {
    this.#durable = Math.min(this.#durable, index);
    for (const write of this.#writes) write.through = Math.min(write.through, index);
  }

  #becomeDurable(write: Write): void {
    const { token, through } = write;
    // The second half of a pair: what was handed out is what is reported back.
    if (through === token.lastIndex && through >= this.#base.index) {
      assert(this.matches(through, token.lastTerm), () => `durable entry ${through} is not of term ${token.lastTerm}`);
    }
    this.#durable = Math.max(this.#durable, through);
    if (token.snapshotIndex === 0) return;
    if (this.#snapshot?.index === token.snapshotIndex) {
      this.#snapshot = null;
      this.#isSnapshotHandedOut = false;
    }
    this.#applying = Math.max(this.#applying, token.snapshotIndex);
    this.#applied = Math.max(this.#applied, token.snapshotIndex);
    this.#applies = [];
    this.#applyingBytes = 0;
  }
}
