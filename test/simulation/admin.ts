/**
 * The cluster's administrator: repairs what was lost, and if the plan says so changes who is a member for no reason.
 * It acts as the operator would, by the contract's calls alone and from what it reads now.
 */
import type { MemberRecord, Membership, MembershipChange } from '../../node/store/types.ts';
import { type Answer, call, sleep } from './calls.ts';
import type { Cluster } from './cluster.ts';
import type { Losses } from './losses.ts';
import type { Machine } from './machine.ts';
import type { Random } from './random.ts';

const TIMEOUT_MS = 3_000;
const PATIENCE_MS = 8_000;

export class Admin {
  /** From then on only repairs. */
  isQuiet = false;
  readonly #cluster: Cluster;
  readonly #losses: Losses;
  readonly #random: Random;

  constructor(cluster: Cluster, losses: Losses) {
    this.#cluster = cluster;
    this.#losses = losses;
    this.#random = cluster.random.fork('admin');
  }

  async run(): Promise<void> {
    const { world, plan } = this.#cluster;
    while (!this.#cluster.isOver) {
      await sleep(world, this.#random.between(0, this.isQuiet ? 100 : 2 * (plan.faults.membership ?? 500)));
      if (this.#losses.isQuorumLost) continue;
      const { clusterId } = this.#cluster;
      const view = await this.#view();
      if (view !== null && this.#cluster.clusterId === clusterId) await this.#act(view);
    }
  }

  /** Nothing is left to repair. */
  isContent(): boolean {
    const membership = this.#cluster.newestMembership();
    if (membership === null || membership.leaving !== null) return false;
    return membership.members.every(({ id }) => !this.#losses.isLost(id) && membership.voters.includes(id));
  }

  async #view(): Promise<Membership | null> {
    const machine = this.#cluster.someMachine(this.#random);
    const answer = await call(this.#cluster.world, machine, PATIENCE_MS, (member) =>
      member.cluster({ timeoutMs: TIMEOUT_MS }),
    );
    return answer.kind === 'Answered' ? answer.value.membership : null;
  }

  async #act(view: Membership): Promise<void> {
    if (view.leaving !== null) return;
    const lost = view.members.find((record) => this.#losses.isLost(record.id) || this.#isSomeoneElse(record));
    if (lost !== undefined) return this.#change(view, { kind: 'Remove', id: lost.id });
    await this.#clearAway(view);
    const invited = this.#cluster.machines.find(
      ({ member, incarnation }) => isEmpty(member) && view.members.some((record) => record.incarnation === incarnation),
    );
    if (invited !== undefined) return this.#invite(view, invited);
    const learners = view.members.filter(({ id }) => !view.voters.includes(id));
    if (learners.length > 0 && this.#random.chance(0.8))
      return this.#change(view, { kind: 'Promote', id: this.#random.pick(learners).id });
    const spare = this.#cluster.machines.filter((machine) => isEmpty(machine.member) && machine.incarnation !== null);
    const isShort = view.members.length < this.#cluster.plan.founderCount;
    if (spare.length > 0 && (isShort || (this.#isRestless() && this.#random.chance(0.5))))
      return this.#add(view, this.#random.pick(spare));
    if (this.#isRestless()) await this.#shuffle(view);
  }

  /** Its machine was told to be another member before it could be invited as this one: it never will be this one. */
  #isSomeoneElse({ id, incarnation }: MemberRecord): boolean {
    const machine = this.#cluster.machines.find((one) => one.incarnation === incarnation);
    if (machine === undefined || machine.lastMemberId === null) return false;
    const isOfAnother = machine.clusterId !== null && machine.clusterId !== this.#cluster.clusterId;
    return machine.lastMemberId !== id || isOfAnother;
  }

  #isRestless(): boolean {
    return !this.isQuiet && this.#cluster.plan.faults.membership !== null;
  }

  /** A machine that a linearizable read does not list any more gets an empty disk (contract, "Destroying a volume"). */
  async #clearAway(view: Membership): Promise<void> {
    for (const machine of this.#cluster.machines) {
      const { incarnation, lastMemberId } = machine;
      if (lastMemberId === null || machine.isLeftOver) continue;
      const isOfAnother = machine.clusterId !== null && machine.clusterId !== this.#cluster.clusterId;
      const mayBeListed =
        lastMemberId > view.lastMemberId ||
        view.members.some((member) => member.id === lastMemberId || member.incarnation === incarnation);
      if (mayBeListed && !isOfAnother) continue;
      this.#cluster.world.trace.add(`${machine.name}, once member ${lastMemberId}, is given an empty disk`);
      machine.wipe();
      machine.lastMemberId = null;
    }
  }

  async #add(view: Membership, machine: Machine): Promise<void> {
    const incarnation = machine.incarnation!;
    await this.#change(view, { kind: 'AddLearner', name: machine.name, peerAddress: machine.address, incarnation });
  }

  async #invite(view: Membership, machine: Machine): Promise<void> {
    const { id, incarnation } = view.members.find((member) => member.incarnation === machine.incarnation)!;
    const peers = view.members.filter((member) => member.id !== id);
    const record = { clusterId: this.#cluster.clusterId, memberId: id, incarnation, peers };
    await call(this.#cluster.world, machine, PATIENCE_MS, (member) => member.join(record));
  }

  async #shuffle(view: Membership): Promise<void> {
    const { voters } = view;
    if (this.#random.chance(0.5) && voters.length > 1) {
      return this.#change(view, { kind: 'Remove', id: this.#random.pick(view.members).id });
    }
    const members = this.#random.shuffled(view.members.map(({ id }) => id));
    const wanted = members.slice(0, this.#random.integer(1, members.length)).sort((a, b) => a - b);
    await this.#change(view, { kind: 'ReplaceVoters', voters: wanted });
  }

  async #change(view: Membership, change: MembershipChange): Promise<void> {
    const { world } = this.#cluster;
    const machine = this.#cluster.someMachine(this.#random);
    const { clusterId } = this.#cluster;
    this.#losses.isChanging = true;
    world.trace.add(`admin ${machine.name} ${JSON.stringify(change)}`);
    const answer = await call(world, machine, PATIENCE_MS, (member) =>
      member.changeMembership(change, view.configIndex, { timeoutMs: TIMEOUT_MS }),
    );
    world.trace.add(`admin ${change.kind} ${describe(answer)}`);
    world.count(`${change.kind} ${answer.kind}`);
    // While the outcome is not known, the change may still come about; a later one that succeeds makes it void.
    if (this.#cluster.clusterId === clusterId) this.#losses.isChanging = answer.kind === 'Unknown';
  }
}

function isEmpty(member: Machine['member']): boolean {
  return member?.phase.state === 'Parked' && member.phase.reason === 'NoData';
}

function describe(answer: Answer<unknown>): string {
  return answer.kind === 'Answered' ? JSON.stringify(answer.value) : `${answer.kind} ${answer.code}`;
}
