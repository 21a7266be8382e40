/**
 * A majority of the voters is lost for good, and the user goes on from what is left, by the contract's steps: one
 * survivor, the others stopped, a new cluster id, the other disks emptied. What the user does not see to is that some
 * member comes back with the disk that it had.
 */
import { call, sleep } from './calls.ts';
import type { Cluster } from './cluster.ts';
import type { Faults } from './faults.ts';
import { isQuorum } from './invariants.ts';
import type { Losses } from './losses.ts';
import type { Machine } from './machine.ts';
import type { Random } from './random.ts';
import { judgeContent } from './workload.ts';

const PATIENCE_MS = 8_000;
/** Of a process or a disk, and more. */
const LONGEST_STALL_MS = 15_000;

type Recovery = { readonly clusterId: string; readonly nonce: string };

export class QuorumLoss {
  /** Nothing is lost yet, or it is recovered. */
  isSettled = true;
  readonly #cluster: Cluster;
  readonly #faults: Faults;
  readonly #losses: Losses;
  readonly #random: Random;
  readonly #leftOver = new Set<Machine>();

  constructor(cluster: Cluster, faults: Faults, losses: Losses) {
    this.#cluster = cluster;
    this.#faults = faults;
    this.#losses = losses;
    this.#random = cluster.world.random.fork('quorum loss');
  }

  /** Whoever has come back was turned away. */
  get areLeftOversGone(): boolean {
    return this.#leftOver.size === 0;
  }

  async run(): Promise<void> {
    const { world, plan } = this.#cluster;
    await sleep(world, this.#random.between(0.15, 0.6) * plan.durationMs);
    while (!this.#faults.isOver) {
      const survivors = this.#chooseSurvivors();
      if (survivors.length > 0) return this.#lose(survivors);
      await sleep(world, 50);
    }
  }

  /** Fewer voters than a quorum, each with its data; none while that cannot be. */
  #chooseSurvivors(): readonly Machine[] {
    const membership = this.#cluster.newestMembership();
    if (membership === null || membership.voters.length < 2 || membership.leaving !== null) return [];
    const { voters } = membership;
    const whole = this.#cluster.machines.filter((machine) => {
      const replica = machine.member?.phase.state === 'Member' ? machine.member.replica : null;
      const isVoter = replica !== null && replica.clusterId === this.#cluster.clusterId && voters.includes(replica.id);
      return isVoter && !machine.isDamaged && replica.membership?.configIndex === membership.configIndex;
    });
    const quorum = Math.floor(voters.length / 2) + 1;
    return this.#random.shuffled(whole).slice(0, this.#random.integer(1, Math.max(1, voters.length - quorum)));
  }

  async #lose(survivors: readonly Machine[]): Promise<void> {
    const { world, plan, machines } = this.#cluster;
    this.isSettled = false;
    this.#losses.isQuorumLost = true;
    const lost = machines.filter((machine) => !survivors.includes(machine) && machine.clusterId !== null);
    const running = new Set(machines.filter(({ member }) => member?.phase.state === 'Member'));
    world.trace.add(
      `the quorum is lost, left are ${survivors.map(({ name }) => name)} of ${lost.length + survivors.length}`,
    );
    world.count('quorum lost');
    for (const machine of lost) this.#stop(machine);
    await sleep(world, this.#random.between(0, 3) * plan.electionTimeoutMs);
    // The most advanced log: whatever was committed and any of them has, that one has.
    const [survivor, ...others] = [...survivors].sort(byLog) as [Machine, ...Machine[]];
    for (const machine of others) this.#stop(machine);
    this.#keepSome([...lost, ...others], running);
    const recovery = { clusterId: this.#random.hex(16), nonce: this.#random.hex(8) };
    world.trace.add(`${survivor.name} is to go on as cluster ${recovery.clusterId}`);
    await this.#recover(survivor, recovery);
    this.#cluster.clusterId = recovery.clusterId;
    this.#losses.forget();
    for (const machine of [...lost, ...others]) machine.mayRun = true;
    this.isSettled = true;
    await this.#askAgain(survivor, recovery);
    for (const machine of this.#leftOver) void this.#turnAway(machine);
  }

  #stop(machine: Machine): void {
    machine.losePower();
    machine.mayRun = false;
  }

  /** All disks go but those of a few, who come back later: too few to go on as the cluster that they know. */
  #keepSome(stopped: readonly Machine[], mayComeBack: ReadonlySet<Machine>): void {
    for (const machine of this.#random.shuffled(stopped)) {
      const candidates = [...this.#leftOver, machine];
      const isWanted = mayComeBack.has(machine) && !machine.isDamaged && this.#random.chance(0.4);
      if (isWanted && !candidates.some((one) => canGoOn(one, candidates))) {
        machine.isLeftOver = true;
        this.#leftOver.add(machine);
      } else {
        machine.wipe();
        machine.lastMemberId = null;
      }
    }
  }

  /** Asks until it is done, through crashes at any step of it. */
  async #recover(survivor: Machine, recovery: Recovery): Promise<void> {
    const { world, clusterId, plan } = this.#cluster;
    for (let attempt = 1; ; attempt++) {
      if (this.#random.chance(0.2)) await this.#mustNotRecover(survivor, { ...recovery, clusterId });
      if (!this.#faults.isOver && attempt < 10 && this.#random.chance(0.6))
        this.#faults.crashAtPoint(survivor, this.#random);
      const answer = await call(world, survivor, PATIENCE_MS, (member) => member.recover(recovery));
      world.trace.add(`${survivor.name} is told to recover: ${answer.kind}`);
      if (answer.kind === 'Answered') break;
      world.count('recovery broken off');
      await sleep(world, this.#random.between(0, plan.electionTimeoutMs));
    }
    world.check(
      survivor.clusterId === recovery.clusterId,
      () => `${survivor.name} said that it was recovered, its disk is still of cluster ${survivor.clusterId}`,
    );
    if (this.#random.chance(0.3)) survivor.losePower();
    const { history } = this.#cluster.observers.oracle;
    this.#cluster.observers.oracle.learned(history.firstRevision);
    world.count('quorum recovered');
  }

  /** No second cluster may have the id of the first. */
  async #mustNotRecover(survivor: Machine, recovery: Recovery): Promise<void> {
    const { world } = this.#cluster;
    const answer = await call(world, survivor, PATIENCE_MS, (member) => member.recover(recovery));
    world.trace.add(`${survivor.name} is told to recover wrongly: ${answer.kind}`);
    world.check(answer.kind !== 'Answered', () => `${survivor.name} began a second cluster ${recovery.clusterId}`);
    if (answer.kind !== 'Answered' && answer.code === 'grant_conflict') await this.#mustGoOn(survivor);
  }

  /** What was refused must have changed nothing. */
  async #mustGoOn(survivor: Machine): Promise<void> {
    const { world } = this.#cluster;
    const { process } = survivor;
    const untilMs = world.nowMs + LONGEST_STALL_MS;
    while (survivor.process === process) {
      const answer = await call(world, survivor, PATIENCE_MS, (member) => member.readBarrier({ timeoutMs: 100 }));
      if (answer.kind === 'Answered' || answer.code === 'no_leader') return;
      if (world.nowMs > untilMs)
        return world.fail(`${survivor.name} refused to recover, and answers nothing but ${answer.code} since`);
      await sleep(world, 50);
    }
  }

  /** The same call once more does nothing, the same consent for another cluster is refused; everything can be read. */
  async #askAgain(survivor: Machine, recovery: Recovery): Promise<void> {
    const { world } = this.#cluster;
    await call(world, survivor, PATIENCE_MS, (member) => member.recover(recovery));
    await this.#mustNotRecover(survivor, { ...recovery, clusterId: this.#random.hex(16) });
    await judgeContent(this.#cluster, survivor);
  }

  /** It must find out by itself that its cluster is no more, unless it has company; then its disk is emptied. */
  async #turnAway(machine: Machine): Promise<void> {
    const { world, plan } = this.#cluster;
    const isAlone = this.#leftOver.size === 1;
    const untilMs = world.nowMs + 20 * plan.electionTimeoutMs;
    const isParked = (): boolean => ![undefined, 'NoData'].includes(reasonOf(machine));
    while (isAlone ? !isParked() : world.nowMs < untilMs) await sleep(world, 50);
    if (isAlone) {
      const reason = reasonOf(machine);
      world.check(reason === 'ForeignCluster', () => `${machine.name} of a cluster that is no more parks as ${reason}`);
      world.count('turned away');
    }
    machine.wipe();
    machine.lastMemberId = null;
    this.#leftOver.delete(machine);
  }
}

function reasonOf({ member }: Machine): string | undefined {
  return member?.phase.state === 'Parked' ? member.phase.reason : undefined;
}

function byLog({ mirror: one }: Machine, { mirror: other }: Machine): number {
  const [oneTerm, otherTerm] = [one, other].map((log) => log.termAt(log.lastIndex) ?? 0) as [number, number];
  return otherTerm - oneTerm || other.lastIndex - one.lastIndex;
}

/** By the configuration that this member knows, those together are a quorum. */
function canGoOn({ mirror }: Machine, machines: readonly Machine[]): boolean {
  const membership = mirror.state.configuration?.membership;
  if (membership === undefined) return false;
  const ids = new Set(machines.map(({ lastMemberId }) => lastMemberId!));
  return isQuorum(ids, { voters: membership.voters, leaving: membership.leaving, learners: [] });
}
