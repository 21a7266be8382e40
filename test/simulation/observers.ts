/** Leads what machines do to those who judge it: the invariants of Raft and the oracle of clients' answers. */

import type { LocalMember } from '../../node/server/member.ts';
import { type Observer, silentObserver } from '../../node/server/observer.ts';
import type { DataFolder, Identity } from '../../node/storage/types.ts';
import { appliedRowKey, decodeApplied } from '../../node/store/meta.ts';
import type { Store } from '../../node/store/store.ts';
import { isDiskError } from './calls.ts';
import type { Step } from './history.ts';
import { Invariants } from './invariants.ts';
import { LogMirror, type MirroredEntry } from './log-mirror.ts';
import type { Machine, ProcessState } from './machine.ts';
import { type ModelRows, text } from './model-rows.ts';
import type { SimulatedNetwork } from './network.ts';
import { Oracle } from './oracle.ts';
import type { Plan } from './plan.ts';
import type { World } from './world.ts';

export class Observers {
  readonly oracle: Oracle;
  /** By cluster id: of the first, and of each that has taken over from one. */
  readonly #invariants = new Map<string, Invariants>();
  readonly #world: World;

  /** @param machines all that there are, once they are made */
  constructor(world: World, network: SimulatedNetwork, plan: Plan, machines: () => readonly Machine[]) {
    this.#world = world;
    // An answer may come in the very step that has committed what it tells of.
    const look = (): void => this.#look(machines());
    this.oracle = new Oracle(world, plan.clockRateSpread, look);
    network.watcher = (from, to, frame) => this.#of(from.clusterId).sending(from.memberId, to, frame);
    network.onAccepted = (acceptor, caller) =>
      world.check(
        acceptor.clusterId === caller.clusterId,
        () =>
          `member ${acceptor.memberId} of cluster ${acceptor.clusterId} lets member ${caller.memberId} of ${caller.clusterId} in`,
      );
  }

  /** @param steps what all founders begin with */
  founded(clusterId: string, steps: readonly Step[]): void {
    this.oracle.founded(clusterId, steps);
    this.#judge(clusterId, 1);
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
        this.#of(replica.clusterId).applied(replica.id, store.appliedIndex);
        this.oracle.checkRevision(replica.clusterId, replica.id, store.appliedIndex, store.revision);
        if (process.seenStore !== store) this.#storeOpened(replica.id, process, store);
      }
      this.#checkRows(machine, process);
      if (replica == null) continue;
      this.#of(replica.clusterId).observed(replica.id, process.number, replica.raftStatus());
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
    if (grant.kind === 'None') {
      this.#world.check(machine.clusterId === null, () => `${machine.name} has forgotten cluster ${machine.clusterId}`);
      return;
    }
    const id = grant.kind === 'Joiner' ? grant.record.memberId : grant.memberId;
    const { clusterId } = grant.record;
    if (machine.clusterId !== null && machine.clusterId !== clusterId) this.#tookOver(machine, folder, grant);
    machine.clusterId = clusterId;
    const objection = machine.mirror.reopened(restored);
    if (objection !== null) this.#world.fail(`${machine.name}, member ${id}: ${objection}`);
    this.#of(clusterId).hasLog(id, identity.incarnation, machine.mirror);
    machine.lastMemberId = id;
  }

  /** The survivor of a lost quorum has become the first member of a new cluster, with all that its log held. */
  #tookOver(machine: Machine, { restored }: DataFolder, grant: Identity['grant']): void {
    const { heritage, name, clusterId: before } = machine;
    if (grant.kind !== 'Survivor' || heritage?.clusterId !== grant.record.clusterId)
      return this.#world.fail(`${name} was of cluster ${before}, it is found ${JSON.stringify(grant)}`);
    const { clusterId } = grant.record;
    const { cutAt, entries } = heritage;
    const lastIndex = entries.at(-1)?.index ?? cutAt;
    const { membership } = restored.configuration!;
    this.#world.check(
      restored.base.index === lastIndex && restored.entries.length === 0,
      () => `${name} begins after entry ${restored.base.index}, it had those through ${lastIndex}`,
    );
    this.#world.check(
      membership.members.length === 1 && `${membership.voters}` === `${grant.memberId}` && membership.leaving === null,
      () => `${name} is not alone in the cluster that it begins: ${JSON.stringify(membership)}`,
    );
    this.oracle.recovered(before!, clusterId, cutAt, entries);
    this.#judge(clusterId, lastIndex);
    // The old one stays what it was when that cluster was given up.
    machine.mirror = new LogMirror();
  }

  /** As far as the newest state of all tells. */
  #storeOpened(member: number, process: ProcessState, store: Store): void {
    process.seenStore = store;
    const { clusterId, lastIndex } = this.oracle.history;
    if (store.clusterId === clusterId && store.appliedIndex === lastIndex)
      this.oracle.checkLeases(member, store.leases());
  }

  #judge(clusterId: string, firstIndex: number): void {
    const invariants = new Invariants(this.#world, firstIndex);
    invariants.onCommitted = (entry) => this.oracle.committed(clusterId, entry);
    this.#invariants.set(clusterId, invariants);
  }

  #of(clusterId: string): Invariants {
    return this.#invariants.get(clusterId)!;
  }

  appending(machine: Machine, entries: readonly MirroredEntry[]): void {
    this.#of(machine.clusterId!).appending(machine.mirror, entries);
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
    this.#of(machine.clusterId!).wrote(id, index, rows.current.hash);
    this.oracle.checkRevision(machine.clusterId!, id, index, revision);
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
