/** What goes wrong during a run, each kind at its own pace, until it is told to stop. */
import type { Message } from '../../node/raft/types.ts';
import { call, sleep } from './calls.ts';
import type { Cluster } from './cluster.ts';
import type { DiskOperation } from './disk.ts';
import type { Losses } from './losses.ts';
import { DATA_FOLDER, type Machine } from './machine.ts';
import { MIN_FREE_BYTES } from './member-options.ts';
import type { FaultRates } from './plan.ts';
import type { Random } from './random.ts';

/** Moments in the making of a file, a cut, a snapshot's installation, or a record. */
const CRASH_POINTS: readonly DiskOperation[] = [
  'write',
  'sync',
  'create',
  'rename',
  'remove',
  'removeFolder',
  'makeFolder',
  'syncFolder',
  'engineWrite',
  'engineFlush',
  'engineOpen',
];

/** Messages that promise something, or that decide who leads. */
const MESSAGE_POINTS: readonly { readonly name: string; readonly matches: (message: Message) => boolean }[] = [
  { name: 'a vote', matches: (message) => message.kind === 'VoteResponse' && !message.isPreVote && message.granted },
  { name: 'a request for votes', matches: (message) => message.kind === 'VoteRequest' && !message.isPreVote },
  { name: 'a pre-vote', matches: (message) => message.kind === 'VoteResponse' && message.isPreVote },
  { name: 'an acknowledgement', matches: (message) => message.kind === 'AppendResponse' && !message.rejected },
  { name: 'a refused append', matches: (message) => message.kind === 'AppendResponse' && message.rejected },
  { name: 'a confirmed round', matches: (message) => message.kind === 'HeartbeatResponse' && message.readCounter > 0 },
  { name: 'a read index', matches: (message) => message.kind === 'ReadIndexResponse' },
  { name: 'a transfer', matches: (message) => message.kind === 'TimeoutNow' },
];

type Link = readonly [Machine, Machine];

export class Faults {
  readonly #cluster: Cluster;
  readonly #losses: Losses;
  readonly #random: Random;
  #isOver = false;

  constructor(cluster: Cluster, losses: Losses) {
    this.#cluster = cluster;
    this.#losses = losses;
    this.#random = cluster.random.fork('faults');
  }

  start(): void {
    const kinds: Record<Exclude<keyof FaultRates, 'membership'>, (random: Random) => void | Promise<void>> = {
      crash: (random) => this.crash(this.#some(random), random),
      crashPoint: (random) => this.crashAtPoint(this.#some(random), random),
      messagePoint: (random) => this.#strikeAtMessage(random),
      crashAll: (random) => {
        for (const machine of this.#cluster.machines) this.crash(machine, random);
      },
      pause: (random) => this.#pause(this.#some(random), random),
      partition: (random) => this.#partition(random),
      depose: (random) => this.#depose(random),
      reset: (random) => this.#reset(this.#some(random), this.#some(random)),
      massReset: (random) => {
        const one = this.#some(random);
        for (const other of this.#cluster.machines) this.#reset(one, other);
      },
      cleanStop: (random) => this.#some(random).stop(),
      diskStall: (random) => this.#some(random).disk.stall(random.pick([50, 500, 4_000])),
      engineStall: (random) => this.#some(random).disk.stallEngine(random.pick([50, 500, 4_000])),
      diskFull: (random) => this.#fillDisk(this.#some(random), random),
      syncError: (random) => this.#failSync(this.#some(random), random),
      bitFlip: (random) => this.#flipBit(this.#some(random), random),
      wipe: (random) => this.#wipe(this.#some(random), random),
      transfer: () => this.#transfer(),
    };
    for (const [kind, strike] of Object.entries(kinds)) {
      const meanMs = this.#cluster.plan.faults[kind as keyof FaultRates];
      if (meanMs !== null) void this.#strikeOften(kind, meanMs, strike);
    }
    void this.#superviseAll();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** No more faults, and an end to those that last. */
  stop(): void {
    this.#isOver = true;
    const { network, machines } = this.#cluster;
    network.settings = { ...network.settings, lossChance: 0, duplicateChance: 0, reorderChance: 0 };
    network.unblockAll();
    network.onSent = () => {};
    for (const machine of machines) {
      machine.disk.watcher = () => {};
      machine.disk.release();
      machine.disk.failSync(0);
      machine.process?.life.resume();
    }
  }

  async #strikeOften(kind: string, meanMs: number, strike: (random: Random) => void | Promise<void>): Promise<void> {
    const { world } = this.#cluster;
    const random = this.#random.fork(kind);
    for (;;) {
      await sleep(world, random.between(0, 2 * meanMs));
      if (this.#isOver) return;
      world.count(kind);
      world.trace.add(`fault ${kind}`);
      await strike(random);
    }
  }

  /** Starts what is down again, as a supervisor would; also in the quiet phase. */
  async #superviseAll(): Promise<void> {
    const { world, machines, plan } = this.#cluster;
    const random = this.#random.fork('supervisor');
    while (!this.#cluster.isOver) {
      await sleep(world, random.between(1, plan.restartMs));
      const down = machines.filter((machine) => machine.process === null && machine.mayRun);
      if (down.length > 0) random.pick(down).start();
    }
  }

  #some(random: Random): Machine {
    return random.pick(this.#cluster.machines);
  }

  crash(machine: Machine, random: Random): void {
    if (random.chance(0.5)) machine.kill();
    else machine.losePower();
  }

  /** At one of the next operations of a chosen kind, on one side of it. */
  crashAtPoint(machine: Machine, random: Random): void {
    const wanted = random.pick(CRASH_POINTS);
    const moment = random.pick(['Before', 'After'] as const);
    let left = random.pick([1, 1, 2, 5, 20]);
    machine.disk.watcher = (at, operation, path) => {
      if (operation !== wanted || at !== moment || --left > 0) return;
      machine.disk.watcher = () => {};
      this.#cluster.world.trace.add(`crash point ${machine.name} ${moment} ${operation} ${path}`);
      this.#cluster.world.count(`crash at ${operation}`);
      this.crash(machine, random);
    };
  }

  /** To one of the two, at one of the next messages of a chosen kind: what either has promised by then must hold. */
  #strikeAtMessage(random: Random): void {
    const { network, machines, world } = this.#cluster;
    const wanted = random.pick(MESSAGE_POINTS);
    const side = random.pick(['Sender', 'Receiver'] as const);
    const strike = random.pick(['Crash', 'Crash', 'Pause', 'Reset'] as const);
    let left = random.pick([1, 1, 2, 5]);
    network.onSent = (from, to, frame) => {
      if (frame.kind !== 'Raft' || !frame.messages.some(wanted.matches) || --left > 0) return;
      network.onSent = () => {};
      const machine = machines.find(({ address }) => address === (side === 'Sender' ? from : to))!;
      world.trace.add(`message point ${machine.name} ${strike} as ${side} of ${wanted.name}`);
      world.count(`${strike} at ${wanted.name}`);
      if (strike === 'Crash') this.crash(machine, random);
      else if (strike === 'Pause') this.#pause(machine, random);
      else network.reset(from, to);
    };
  }

  #pause(machine: Machine, random: Random): void {
    const life = machine.process?.life;
    if (life === undefined || life.isPaused) return;
    life.pause();
    this.#cluster.world.scheduler.after(random.pick([20, 300, 2_000, 5_000]), () => life.resume());
  }

  #partition(random: Random): void {
    const { network, machines } = this.#cluster;
    const links: Link[] = [];
    const isolated = new Set(random.shuffled(machines).slice(0, random.integer(1, Math.ceil(machines.length / 2))));
    const shape = random.pick(['Halves', 'HalvesOneWay', 'OneLink', 'OneLinkOneWay']);
    if (shape.startsWith('Halves')) {
      for (const one of isolated) for (const other of machines) if (!isolated.has(other)) links.push([one, other]);
    } else if (machines.length > 1) {
      const [one, other] = random.shuffled(machines);
      links.push([one!, other!]);
    }
    const isReversed = random.chance(0.5);
    for (const [one, other] of links) {
      if (!shape.endsWith('OneWay') || !isReversed) network.block(one.address, other.address);
      if (!shape.endsWith('OneWay') || isReversed) network.block(other.address, one.address);
    }
    this.#healAfter(random.pick([50, 500, 3_000, 8_000]), links);
  }

  #depose(random: Random): void {
    const { network, machines, plan } = this.#cluster;
    const leader = machines.find(({ member }) => member?.replica?.isLeader);
    if (leader === undefined) return;
    const links = machines.filter((other) => other !== leader).map((other): Link => [leader, other]);
    for (const [, { address }] of links) network.cut(leader.address, address);
    this.#healAfter(random.between(0.5, 2.5) * plan.electionTimeoutMs, links);
  }

  #healAfter(delayMs: number, links: readonly Link[]): void {
    const { network, world } = this.#cluster;
    world.scheduler.after(delayMs, () => {
      for (const [one, other] of links) {
        network.unblock(one.address, other.address);
        network.unblock(other.address, one.address);
      }
    });
  }

  #reset(one: Machine, other: Machine): void {
    if (one !== other) this.#cluster.network.reset(one.address, other.address);
  }

  #fillDisk(machine: Machine, random: Random): void {
    machine.mayDiskFail = true;
    machine.disk.fillUntil(random.pick([1_000, MIN_FREE_BYTES / 2]));
    this.#cluster.world.scheduler.after(random.between(200, 4_000), () => machine.disk.release());
  }

  #failSync(machine: Machine, random: Random): void {
    machine.mayDiskFail = true;
    machine.disk.failSync(random.integer(1, 10));
  }

  /** In what was synced before the newest write of a file: below the tail, where nothing can be torn. */
  #flipBit(machine: Machine, random: Random): void {
    if (!this.#losses.mayLose(machine)) return;
    const files = [...machine.disk.files()].filter(
      ([path, file]) => path.startsWith(DATA_FOLDER) && file.tailPosition > 0,
    );
    if (files.length === 0) return;
    const [path, file] = random.pick(files);
    const position = random.below(file.tailPosition);
    this.#losses.lose(machine.lastMemberId!);
    machine.isDamaged = true;
    machine.losePower();
    file.flipBit(position, random.below(8));
    this.#cluster.world.trace.add(`bit flipped ${machine.name} ${path} ${position}`);
  }

  #wipe(machine: Machine, random: Random): void {
    if (!this.#losses.mayLose(machine)) return;
    const { world, clusterId } = this.#cluster;
    const memberId = machine.lastMemberId!;
    this.#losses.lose(memberId);
    machine.wipe();
    world.trace.add(`wiped ${machine.name}, member ${memberId}`);
    if (random.chance(0.7)) void this.#pretend(machine, { clusterId, memberId });
  }

  /** Somebody who should know better tells the empty machine that it is still the member that it was. */
  async #pretend(machine: Machine, grant: { readonly clusterId: string; readonly memberId: number }): Promise<void> {
    const { world } = this.#cluster;
    for (let attempt = 0; attempt < 20; attempt++) {
      await sleep(world, 50);
      const membership = this.#cluster.newestMembership();
      const { incarnation } = machine;
      if (membership === null || incarnation === null) continue;
      const peers = membership.members.filter(({ id }) => id !== grant.memberId);
      const answer = await call(world, machine, 1_000, (member) => member.join({ ...grant, incarnation, peers }));
      world.trace.add(`${machine.name} is told that it is member ${grant.memberId}: ${answer.kind}`);
      if (answer.kind === 'Answered') return;
    }
  }

  async #transfer(): Promise<void> {
    const leader = this.#cluster.machines.find(({ member }) => member?.replica?.isLeader);
    leader?.member?.transferLeader(null, { timeoutMs: 1_000 }).catch(() => {});
  }
}
