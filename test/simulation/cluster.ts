/** All machines of one simulated run, the network between them, and those who watch them. */
import type { Membership } from '../../node/store/types.ts';
import { call, sleep } from './calls.ts';
import { Machine } from './machine.ts';
import { SimulatedNetwork } from './network.ts';
import { Observers } from './observers.ts';
import type { Plan } from './plan.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export class Cluster {
  readonly world: World;
  readonly plan: Plan;
  readonly network: SimulatedNetwork;
  readonly observers: Observers;
  readonly machines: readonly Machine[];
  readonly clusterId: string;

  constructor(world: World, plan: Plan) {
    this.world = world;
    this.plan = plan;
    this.network = new SimulatedNetwork(world.scheduler, world.random.fork('network'), world.trace, plan.network);
    this.observers = new Observers(world, this.network, plan, () => this.machines);
    this.machines = Array.from(
      { length: plan.machineCount },
      (_, at) => new Machine(world, plan, this.network, this.observers, at + 1),
    );
    this.clusterId = world.random.fork('cluster').hex(16);
  }

  /** The first machines found the cluster; a call is made again until each has accepted, as the contract allows. */
  async form(): Promise<void> {
    const founders = this.machines.slice(0, this.plan.founderCount);
    for (const machine of this.machines) machine.start();
    while (founders.some(({ member }) => member === null)) await sleep(this.world, 5);
    const record = {
      clusterId: this.clusterId,
      founders: founders.map((machine, at) => ({
        id: at + 1,
        name: machine.name,
        peerAddress: machine.address,
        incarnation: machine.incarnation!,
      })),
      snapshotPath: null,
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

  /** The newest membership that any running member has. */
  newestMembership(): Membership | null {
    let newest: Membership | null = null;
    for (const { member } of this.machines) {
      const membership = member?.replica?.membership ?? null;
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
