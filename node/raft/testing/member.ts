/**
 * One core with a disk and a state machine, as a driver would run it, but each step by hand: take the output, finish a
 * write, apply, checkpoint, crash. A crash loses every write that was not finished and every apply since the checkpoint.
 */
import type { Position } from '../log.ts';
import { Raft } from '../raft.ts';
import type {
  AppendToLog,
  Configuration,
  Entry,
  HardState,
  MemberId,
  Message,
  RaftEvent,
  RaftOptions,
  ReadReady,
} from '../types.ts';
import { EntryKind } from '../types.ts';
import { applyEntry, type State } from './state-machine.ts';

export type Disk = {
  hardState: HardState;
  base: Position;
  entries: Entry[];
  /** The newest configuration in use and the entry that made it, which is committed. */
  configuration: { readonly configuration: Configuration; readonly index: number };
  /** The applied state as of the last checkpoint. */
  checkpoint: State;
};

export type Observer = {
  /** The core has been called and may hold more to be committed than before. */
  stepped(member: TestMember): void;
  sent(message: Message): void;
  happened(member: TestMember, event: RaftEvent): void;
  applied(member: TestMember, entry: Entry): void;
  readAnswered(member: TestMember, ready: ReadReady): void;
  readDropped(member: TestMember, requestId: number): void;
  snapshotNeeded(member: TestMember, to: MemberId): void;
};

export class TestMember {
  readonly id: MemberId;
  readonly disk: Disk;
  readonly options: RaftOptions;
  readonly observer: Observer;
  #raft: Raft | null = null;
  state: State;
  writes: AppendToLog[] = [];
  committed: Entry[] = [];
  /** Content of a snapshot that the core was offered, by index. */
  readonly staged: Map<number, State> = new Map();
  /** While set, `Cluster.settle` leaves the disk's writes unfinished. */
  isDiskHeld = false;
  /** While set, `Cluster.settle` applies nothing. */
  isApplyHeld = false;

  constructor(disk: Disk, options: RaftOptions, observer: Observer) {
    this.id = options.id;
    this.disk = disk;
    this.options = options;
    this.observer = observer;
    this.state = disk.checkpoint;
    this.start();
  }

  get isUp(): boolean {
    return this.#raft !== null;
  }

  get raft(): Raft {
    if (this.#raft === null) throw new Error(`member ${this.id} is down`);
    return this.#raft;
  }

  start(): void {
    const { hardState, base, entries, configuration, checkpoint } = this.disk;
    const commit = Math.max(hardState.commit, configuration.index, checkpoint.index);
    const isCheckpointNewer = checkpoint.configurationIndex > configuration.index;
    this.state = checkpoint;
    this.#raft = new Raft(this.options, {
      hardState: { ...hardState, commit },
      base,
      entries,
      configuration: isCheckpointNewer ? checkpoint.configuration : configuration.configuration,
      configurationIndex: Math.max(checkpoint.configurationIndex, configuration.index),
      applied: checkpoint.index,
      mustReapplyThrough: commit,
    });
  }

  crash(): void {
    this.#raft = null;
    this.writes = [];
    this.committed = [];
    this.staged.clear();
  }

  step(message: Message): void {
    this.raft.step(message);
    this.observer.stepped(this);
  }

  /** Takes what the core wants done; true when there was anything. */
  collect(mayHoldCommit = false): boolean {
    const output = this.raft.takeOutput(mayHoldCommit);
    if (output === null) return false;
    for (const message of output.messages) this.observer.sent(message);
    if (output.append !== null) this.writes.push(output.append);
    this.committed.push(...output.committed);
    for (const event of output.events) this.observer.happened(this, event);
    for (const ready of output.reads) this.observer.readAnswered(this, ready);
    for (const requestId of output.droppedReads) this.observer.readDropped(this, requestId);
    for (const to of output.snapshotsNeeded) this.observer.snapshotNeeded(this, to);
    return true;
  }

  /** The oldest write becomes durable; its replies leave. */
  finishWrite(): boolean {
    const write = this.writes.shift();
    if (write === undefined) return false;
    const { disk } = this;
    if (write.snapshot !== null) this.#install(write.snapshot.index);
    const first = write.entries[0];
    if (first !== undefined) {
      disk.entries.length = first.index - disk.base.index - 1;
      disk.entries.push(...write.entries);
    }
    if (write.hardState !== null) disk.hardState = write.hardState;
    for (const reply of write.replies) this.observer.sent(reply);
    this.raft.appended(write.token);
    this.observer.stepped(this);
    return true;
  }

  /** Applies the next committed entry. */
  apply(): boolean {
    const entry = this.committed.shift();
    if (entry === undefined) return false;
    this.state = applyEntry(this.state, entry);
    this.observer.applied(this, entry);
    if (entry.kind === EntryKind.Configuration) {
      const { configuration } = this.state;
      this.#recordConfiguration(configuration, entry.index);
      this.raft.applyConfiguration(entry.index, configuration);
    }
    this.raft.applied(entry.index);
    this.observer.stepped(this);
    return true;
  }

  checkpoint(): void {
    this.disk.checkpoint = this.state;
  }

  /** Cuts the log at `index`, which must be within the checkpoint. */
  cut(index: number): void {
    const { disk } = this;
    if (index > disk.checkpoint.index || index <= disk.base.index) return;
    const last = disk.entries[index - disk.base.index - 1] as Entry;
    this.raft.compact(index);
    disk.entries.splice(0, index - disk.base.index);
    disk.base = { index, term: last.term };
  }

  #install(index: number): void {
    const state = this.staged.get(index);
    if (state === undefined) throw new Error(`member ${this.id} was told to install a snapshot that is not there`);
    this.disk.base = { index: state.index, term: state.term };
    this.disk.entries = [];
    this.disk.checkpoint = state;
    this.state = state;
    this.committed = this.committed.filter((entry) => entry.index > index);
    this.#recordConfiguration(state.configuration, state.index);
  }

  #recordConfiguration(configuration: Configuration, index: number): void {
    if (index <= this.disk.configuration.index) return;
    this.disk.configuration = { configuration, index };
  }
}
