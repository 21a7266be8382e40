/** All machines of one simulated run, the network between them, and those who watch them. */
import type { Replica } from '../../node/server/replica.ts';
import type { Membership } from '../../node/store/types.ts';
import { call, sleep } from './calls.ts';
import type { Step } from './history.ts';
import { Machine } from './machine.ts';
import { SimulatedNetwork } from './network.ts';
import { Observers } from './observers.ts';
import type { Plan } from './plan.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** Of a cluster that does not begin empty. */
export type Origin = {
  /** Of the names of its machines and clients, so that they are not those of others in the same world. */
  readonly prefix: string;
  readonly steps: readonly Step[];
};

const EMPTY: Origin = { prefix: '', steps: [] };

export class Cluster {
  readonly world: World;
  readonly plan: Plan;
  readonly prefix: string;
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly observers: Observers;
  readonly machines: readonly Machine[];
  /** A lost quorum ends one cluster and begins another. */
  clusterId: string;
  /** Nobody looks after it any more. */
  isOver = false;

  constructor(world: World, plan: Plan, { prefix, steps }: Origin = EMPTY) {
    this.world = world;
    this.plan = plan;
    this.prefix = prefix;
    this.random = prefix === '' ? world.random : world.random.fork(prefix);
    this.network = new SimulatedNetwork(world.scheduler, this.random.fork('network'), world.trace, plan.network);
    this.observers = new Observers(world, this.network, plan, () => this.machines);
    this.machines = Array.from(
      { length: plan.machineCount },
      (_, at) => new Machine(world, plan, this.network, this.observers, `${prefix}m${at + 1}`),
    );
    this.clusterId = this.random.fork('cluster').hex(16);
    this.observers.founded(this.clusterId, steps);
  }

  async begin(): Promise<void> {
    const founders = this.machines.slice(0, this.plan.founderCount);
    for (const machine of this.machines) machine.start();
    while (founders.some(({ member }) => member === null)) await sleep(this.world, 5);
  }

  /** Nobody uses it or looks after it any more. */
  end(): void {
    this.isOver = true;
    for (const machine of this.machines) {
      machine.kill();
      machine.mayRun = false;
    }
  }

  /**
   * The first machines found the cluster; a call is made again until each has accepted, as the contract allows.
   *
   * @param snapshotPath on the disk of each
   */
  async form(snapshotPath: string | null = null): Promise<void> {
    const founders = this.machines.slice(0, this.plan.founderCount);
    await this.begin();
    const record = {
      clusterId: this.clusterId,
      founders: founders.map((machine, at) => ({
        id: at + 1,
        name: machine.name,
        peerAddress: machine.address,
        incarnation: machine.incarnation!,
      })),
      snapshotPath,
    };
    const accept = async (machine: Machine): Promise<void> => {
      for (;;) {
        const answer = await call(this.world, machine, 5_000, (member) => member.bootstrap(record));
        if (answer.kind === 'Answered') return;
        await sleep(this.world, 20);
      }
    };
    await Promise.all(founders.map(accept));
  }

  running(): Machine[] {
    return this.machines.filter(({ member }) => member !== null);
  }

  /** A running machine, or any when none runs. */
  someMachine(random: Random): Machine {
    const running = this.running();
    return random.pick(running.length > 0 ? running : this.machines);
  }

  /** The machine that is this member of the present cluster, if it runs as it. */
  replicaOf(memberId: number): Replica | null {
    const isIt = (replica: Replica | null | undefined): boolean =>
      replica?.id === memberId && replica.clusterId === this.clusterId;
    return this.machines.find(({ member }) => isIt(member?.replica))?.member?.replica ?? null;
  }

  /** The newest membership that any running member has. */
  newestMembership(): Membership | null {
    let newest: Membership | null = null;
    for (const { member } of this.machines) {
      const replica = member?.replica;
      const membership = replica?.clusterId === this.clusterId ? replica.membership : null;
      if (membership !== null && membership.configIndex > (newest?.configIndex ?? 0)) newest = membership;
    }
    return newest;
  }

  /** Runs until `isDone`, a failure, or the given moment. False when it was not done. */
  run(untilMs: number, isDone: () => boolean): boolean {
    const { scheduler } = this.world;
    while (!isDone()) {
      if (this.world.failure !== null || scheduler.nowMs > untilMs || !scheduler.step()) return false;
      this.observers.afterStep(this.machines);
    }
    return this.world.failure === null;
  }
}
