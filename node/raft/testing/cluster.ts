/**
 * Members in one process, with a network and disks that a test controls. `settle` carries everything out until nothing
 * moves; a randomized run takes single steps instead.
 */
import assert from 'node:assert/strict';
import {
  type Configuration,
  type Entry,
  EntryKind,
  type HardState,
  type MemberId,
  type Message,
  type Proposed,
  type RaftEvent,
  type RaftOptions,
} from '../types.ts';
import type { Target } from './change-configuration.ts';
import { Checker } from './checker.ts';
import { type Disk, TestMember } from './member.ts';
import { randomFrom } from './random.ts';
import { encodeTarget, type State } from './state-machine.ts';

export type ClusterOptions = {
  readonly voters: readonly MemberId[];
  readonly learners?: readonly MemberId[];
  readonly seed?: number;
  readonly raft?: Partial<RaftOptions>;
};

export const BASE_TERM = 1;
export const BASE_INDEX = 1;

const DEFAULTS = {
  electionTicks: 10,
  heartbeatTicks: 1,
  maxEntriesBytesPerMessage: 1 << 20,
  maxInflightMessages: 64,
  maxInflightBytes: 1 << 26,
  maxUncommittedBytes: 1 << 26,
  diskStallTicks: 30,
  maxUnappliedBytes: 1 << 26,
  maxCommittedBytesPerOutput: 1 << 26,
};

export class Cluster {
  readonly members: Map<MemberId, TestMember> = new Map();
  readonly checker: Checker = new Checker();
  readonly events: { readonly member: MemberId; readonly event: RaftEvent }[] = [];
  readonly answeredReads: { readonly member: MemberId; readonly requestId: number; readonly index: number }[] = [];
  readonly droppedReads: { readonly member: MemberId; readonly requestId: number }[] = [];
  readonly snapshotsNeeded: { readonly from: MemberId; readonly to: MemberId }[] = [];
  /** In flight, in the order sent. */
  network: Message[] = [];
  /** Answers whether a message is lost on its way; nothing is by default. */
  isLost: (message: Message) => boolean = () => false;
  readonly #options: ClusterOptions;
  readonly #random: () => number;
  readonly #initial: State;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#random = randomFrom(options.seed ?? 1);
    const configuration = { voters: options.voters, leaving: null, learners: options.learners ?? [] };
    this.#initial = {
      index: BASE_INDEX,
      term: BASE_TERM,
      digest: 0,
      configuration,
      configurationIndex: BASE_INDEX,
    };
    for (const id of [...options.voters, ...(options.learners ?? [])]) this.add(id, foundersDisk(this.#initial));
  }

  /** A member with an empty log that knows no configuration yet, unless given a disk. */
  add(id: MemberId, disk: Disk = emptyDisk()): TestMember {
    const options: RaftOptions = { ...DEFAULTS, random: this.#random, ...this.#options.raft, id };
    const member = new TestMember(disk, options, {
      stepped: (stepped) => this.checker.stepped(stepped, this.members),
      sent: (message) => this.network.push(message),
      happened: (from, event) => {
        this.events.push({ member: from.id, event });
        if (event.kind === 'ElectionWon') this.checker.won(from, event.term);
      },
      applied: (from, entry) => this.checker.applied(from, entry),
      readAnswered: (from, ready) => this.answeredReads.push({ member: from.id, ...ready }),
      readDropped: (from, requestId) => this.droppedReads.push({ member: from.id, requestId }),
      snapshotNeeded: (from, to) => this.#sendSnapshot(from, to),
    });
    this.members.set(id, member);
    return member;
  }

  member(id: MemberId): TestMember {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`no member ${id}`);
    return member;
  }

  up(): readonly TestMember[] {
    return [...this.members.values()].filter((member) => member.isUp);
  }

  /** Carries out what this member alone wants done, and returns what it sent instead of delivering it. */
  outputOf(id: MemberId): readonly Message[] {
    const member = this.member(id);
    for (let hasMoved = true; hasMoved; ) {
      hasMoved = member.collect();
      if (!member.isDiskHeld) while (member.finishWrite()) hasMoved = true;
      if (!member.isApplyHeld) while (member.apply()) hasMoved = true;
    }
    return this.network.splice(0);
  }

  /** Steps one message into its receiver and returns what that sends in answer. */
  answersTo(message: Message): readonly Message[] {
    this.member(message.to).step(message);
    return this.outputOf(message.to);
  }

  /** Restarts a member with this log after the founding entry, one term an entry. */
  giveLog(id: MemberId, terms: readonly number[], hardState: Partial<HardState> = {}): void {
    const member = this.member(id);
    if (member.isUp) this.crash(id);
    const entries = terms.map((term, i) => entryOf(term, BASE_INDEX + 1 + i));
    member.disk.entries = entries;
    member.disk.hardState = { term: Math.max(BASE_TERM, ...terms), vote: 0, commit: BASE_INDEX, ...hardState };
    member.start();
  }

  /** The terms of a member's log after the founding entry. */
  termsOf(id: MemberId): readonly number[] {
    const { raft } = this.member(id);
    return raft.entriesFrom(raft.status().firstIndex, Number.MAX_SAFE_INTEGER).map((entry) => entry.term);
  }

  /** The leader of the highest term, if there is one. */
  leader(): TestMember | null {
    const leaders = this.up().filter((member) => member.raft.role === 'Leader');
    return leaders.sort((a, b) => b.raft.term - a.raft.term)[0] ?? null;
  }

  /** Makes this member campaign and asserts that it wins. */
  elect(id: MemberId): TestMember {
    const member = this.member(id);
    for (const other of this.up()) other.raft.forgetLeader(other.raft.leader);
    member.raft.campaign('Timeout');
    this.settle();
    assert.equal(member.raft.role, 'Leader', `member ${id} did not win`);
    return member;
  }

  propose(id: MemberId, text: string): Proposed {
    return this.member(id).raft.propose([new TextEncoder().encode(text)]);
  }

  changeTo(id: MemberId, target: Target): Proposed {
    return this.member(id).raft.proposeConfiguration(encodeTarget(target));
  }

  tick(ticks = 1, ids: readonly MemberId[] = this.up().map((member) => member.id)): void {
    for (let i = 0; i < ticks; i++) {
      for (const id of ids) this.member(id).raft.tick();
      this.settle();
    }
  }

  /** Until nothing moves: outputs taken, disks and state machines done unless held, messages delivered or lost. */
  settle(): void {
    for (let steps = 0; ; steps++) {
      assert.ok(steps < 10_000, 'the members never come to rest');
      let hasMoved = false;
      for (const member of this.up()) {
        while (member.collect()) hasMoved = true;
        if (!member.isDiskHeld) while (member.finishWrite()) hasMoved = true;
        if (!member.isApplyHeld) while (member.apply()) hasMoved = true;
      }
      const messages = this.network;
      this.network = [];
      for (const message of messages) this.deliver(message);
      if (!hasMoved && messages.length === 0) break;
    }
    this.checker.assertLogsMatch(this.members.values());
  }

  deliver(message: Message): void {
    const receiver = this.members.get(message.to);
    if (receiver === undefined || !receiver.isUp || this.isLost(message)) {
      if (message.kind === 'InstallSnapshot') this.#reportSnapshot(message, 'Failed');
      return;
    }
    receiver.step(message);
    if (message.kind === 'InstallSnapshot') this.#reportSnapshot(message, 'Installed');
  }

  crash(id: MemberId): void {
    const member = this.member(id);
    this.checker.crashed(member);
    member.crash();
  }

  /** Messages from or to these members are lost. */
  isolate(...ids: readonly MemberId[]): void {
    this.isLost = ({ from, to }) => ids.includes(from) !== ids.includes(to);
  }

  heal(): void {
    this.isLost = () => false;
  }

  configurationOf(id: MemberId): Configuration {
    return this.member(id).raft.status().configuration;
  }

  eventsOf<K extends RaftEvent['kind']>(id: MemberId, kind: K): readonly Extract<RaftEvent, { kind: K }>[] {
    return this.events
      .filter(({ member, event }) => member === id && event.kind === kind)
      .map(({ event }) => event as Extract<RaftEvent, { kind: K }>);
  }

  #sendSnapshot(from: TestMember, to: MemberId): void {
    this.snapshotsNeeded.push({ from: from.id, to });
    const { state } = from;
    this.members.get(to)?.staged.set(state.index, state);
    const snapshot = { index: state.index, term: state.term, configuration: state.configuration };
    this.network.push({ kind: 'InstallSnapshot', from: from.id, to, term: from.raft.term, snapshot });
  }

  #reportSnapshot({ from, to }: Message, outcome: 'Installed' | 'Failed'): void {
    const sender = this.members.get(from);
    if (sender?.isUp) sender.raft.reportSnapshot(to, outcome);
  }
}

export function entryOf(term: number, index: number, text = `${term}/${index}`): Entry {
  return { term, index, kind: EntryKind.Normal, data: new TextEncoder().encode(text) };
}

function foundersDisk(state: State): Disk {
  return {
    hardState: { term: BASE_TERM, vote: 0, commit: BASE_INDEX },
    base: { index: BASE_INDEX, term: BASE_TERM },
    entries: [],
    configuration: { configuration: state.configuration, index: BASE_INDEX },
    checkpoint: state,
  };
}

function emptyDisk(): Disk {
  const configuration = { voters: [], leaving: null, learners: [] };
  return {
    hardState: { term: 0, vote: 0, commit: 0 },
    base: { index: 0, term: 0 },
    entries: [],
    configuration: { configuration, index: 0 },
    checkpoint: { index: 0, term: 0, digest: 0, configuration, configurationIndex: 0 },
  };
}
