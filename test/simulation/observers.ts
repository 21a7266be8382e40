/** Leads what machines do to those who judge it: the invariants of Raft and the oracle of clients' answers. */

import type { LocalMember } from '../../node/server/member.ts';
import { type Observer, silentObserver } from '../../node/server/observer.ts';
import type { DataFolder } from '../../node/storage/types.ts';
import { appliedRowKey, decodeApplied } from '../../node/store/meta.ts';
import { isDiskError } from './calls.ts';
import { Invariants } from './invariants.ts';
import type { MirroredEntry } from './log-mirror.ts';
import type { Machine, ProcessState } from './machine.ts';
import { type ModelRows, text } from './model-rows.ts';
import type { SimulatedNetwork } from './network.ts';
import { Oracle } from './oracle.ts';
import type { Plan } from './plan.ts';
import type { World } from './world.ts';

export class Observers {
  readonly invariants: Invariants;
  readonly oracle: Oracle;
  readonly #world: World;

  /** @param machines all that there are, once they are made */
  constructor(world: World, network: SimulatedNetwork, plan: Plan, machines: () => readonly Machine[]) {
    this.#world = world;
    this.invariants = new Invariants(world);
    // An answer may come in the very step that has committed what it tells of.
    const look = (): void => this.#look(machines());
    this.oracle = new Oracle(world, plan.clockRateSpread, look);
    this.invariants.onCommitted = (entry) => this.oracle.committed(entry);
    network.watcher = (from, to, frame) => this.invariants.sending(from, to, frame);
  }

  afterStep(machines: readonly Machine[]): void {
    this.#look(machines);
    for (const { process } of machines) if (process !== null) process.life.hasRun = false;
  }

  /** Its process ends in the middle of a step. */
  dying(machine: Machine): void {
    this.#look([machine]);
  }

  /** What the processes that have run in this step say of themselves. */
  #look(machines: readonly Machine[]): void {
    for (const machine of machines) {
      const process = machine.process;
      if (process === null || !process.life.hasRun) continue;
      const replica = process.member?.replica;
      const store = replica?.store;
      if (replica != null && store != null && !machine.mirror.isInstalling) {
        this.invariants.applied(replica.id, store.appliedIndex);
        this.oracle.checkRevision(replica.id, store.appliedIndex, store.revision);
      }
      this.#checkRows(machine, process);
      if (replica == null) continue;
      this.invariants.observed(replica.id, process.number, replica.raftStatus());
      this.#checkConfiguration(machine, process, replica.membership?.configIndex ?? 0);
    }
  }

  /** A process has read its folder, before it acts on it. */
  opened(machine: Machine, folder: DataFolder): void {
    const { identity, restored } = folder;
    const known = machine.incarnation;
    if (known !== null && known !== identity.incarnation) {
      this.#world.fail(`${machine.name} told incarnation ${known}, now it has ${identity.incarnation}`);
    }
    machine.incarnation = identity.incarnation;
    const { grant } = identity;
    if (grant.kind === 'None') return;
    const id = grant.kind === 'Joiner' ? grant.record.memberId : grant.memberId;
    const objection = machine.mirror.reopened(restored);
    if (objection !== null) this.#world.fail(`${machine.name}, member ${id}: ${objection}`);
    this.invariants.hasLog(id, identity.incarnation, machine.mirror);
    machine.lastMemberId = id;
  }

  appending(machine: Machine, entries: readonly MirroredEntry[]): void {
    this.invariants.appending(machine.mirror, entries);
  }

  /** What a member acts on, it must know after a crash: else membership travels back in time. */
  #checkConfiguration(machine: Machine, process: ProcessState, configIndex: number): void {
    process.firstConfigIndex ??= configIndex;
    const durable = machine.mirror.state.configuration?.membership.configIndex ?? 0;
    if (machine.mirror.isInstalling || configIndex <= Math.max(process.firstConfigIndex, durable)) return;
    this.#world.fail(`${machine.name} uses the configuration of index ${configIndex}, durable is that of ${durable}`);
  }

  #checkRows(machine: Machine, process: ProcessState): void {
    const rows = (process.folder?.engine as { rows?: ModelRows } | null)?.rows;
    const id = machine.lastMemberId;
    if (rows === undefined || id === null || machine.mirror.isInstalling || rows.writeCount === process.seenWriteCount)
      return;
    process.seenWriteCount = rows.writeCount;
    const row = rows.current.get(APPLIED);
    if (row === undefined) return;
    const { index, revision } = decodeApplied(row);
    this.invariants.wrote(id, index, rows.current.hash);
    this.oracle.checkRevision(id, index, revision);
  }

  started(machine: Machine, member: LocalMember): void {
    const { phase } = member;
    if (phase.state === 'Parked' && phase.reason === 'Damaged') {
      this.#world.count('parked as damaged');
      this.#world.check(machine.isDamaged, () => `${machine.name} parks as damaged, its disk is not: ${phase.message}`);
    }
  }

  /** A process may end itself because of its disk, and for no other reason. */
  endedItself(machine: Machine, error: unknown): void {
    this.#world.count('ended by its disk');
    if (isDiskError(error) && machine.mayDiskFail) return;
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#world.fail(`${machine.name} ended itself: ${detail}`);
  }

  memberObserver(machine: Machine): Observer {
    return {
      ...silentObserver,
      log: (_level, event, fields) => this.#world.trace.add(`${machine.name} ${event} ${JSON.stringify(fields)}`),
      raftEvent: (event) => this.#world.count(event.kind),
      snapshotReceived: (_seconds, outcome) => this.#world.count(`snapshot ${outcome}`),
    };
  }
}

const APPLIED = text(appliedRowKey);
