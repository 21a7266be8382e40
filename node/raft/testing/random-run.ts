/**
 * One cluster under random faults: messages lost, repeated and reordered, disks and state machines that lag, crashes
 * that lose what was not durable, transfers, log cuts and changes of membership. The checker watches every step; then
 * the faults stop and the cluster must make progress.
 */
import assert from 'node:assert/strict';
import type { MemberId } from '../types.ts';
import { Cluster } from './cluster.ts';
import type { TestMember } from './member.ts';
import { pick, randomFrom } from './random.ts';

const ALL: readonly MemberId[] = [1, 2, 3, 4, 5, 6];

export class RandomRun {
  readonly #random: () => number;
  readonly cluster: Cluster;
  /** What every read asked since must see. */
  readonly #reads: Map<number, number> = new Map();
  #nextRequest = 1;
  readonly #crashRate: number;
  readonly #lossRate: number;
  /** How often a member carries out at once what a message has caused. */
  readonly #diligence: number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    const voters = ALL.slice(0, pick(this.#random, [1, 3, 3, 5]));
    this.#crashRate = pick(this.#random, [0, 0.002, 0.01]);
    this.#lossRate = pick(this.#random, [0, 0.05, 0.2]);
    this.#diligence = pick(this.#random, [0.2, 0.8, 0.95]);
    this.cluster = new Cluster({
      voters,
      seed,
      raft: {
        electionTicks: 6,
        heartbeatTicks: 2,
        maxEntriesBytesPerMessage: pick(this.#random, [1, 100, 10_000]),
        maxInflightMessages: pick(this.#random, [1, 4, 64]),
        maxCommittedBytesPerOutput: pick(this.#random, [1, 200, 100_000]),
        maxUnappliedBytes: pick(this.#random, [1, 200, 100_000]),
        diskStallTicks: 20,
      },
    });
    for (const id of ALL) if (!voters.includes(id)) this.cluster.add(id);
  }

  step(): void {
    const cluster = this.cluster;
    const roll = this.#random();
    if (roll < this.#crashRate) this.#crashOrRestart();
    else if (roll < 0.55) this.#deliverSome();
    else {
      const member = this.#anyUp();
      if (member === null) return;
      this.#act(member);
    }
    this.#checkReads();
    if (this.#random() < 0.01) cluster.checker.assertLogsMatch(cluster.members.values());
  }

  /** Faults stop: everybody is up, nothing is lost. Soon all have applied the same, and a write and a read succeed. */
  recover(): void {
    const cluster = this.cluster;
    for (const member of cluster.members.values()) if (!member.isUp) member.start();
    cluster.settle();
    for (let round = 0; round < 40 && cluster.leader() === null; round++) cluster.tick(3);
    for (let round = 0; round < 40; round++) {
      cluster.tick(3);
      const leader = cluster.leader();
      if (leader === null || leader.raft.status().configuration.leaving !== null) continue;
      if (!cluster.propose(leader.id, 'after the faults').accepted) continue;
      const requestId = this.#nextRequest++;
      leader.raft.readIndex(requestId);
      cluster.settle();
      const answer = cluster.answeredReads.find((read) => read.requestId === requestId);
      if (answer !== undefined && this.#haveAllApplied(leader)) return;
    }
    assert.fail(`no progress after the faults: ${JSON.stringify(cluster.up().map(({ raft }) => raft.status()))}`);
  }

  #haveAllApplied(leader: TestMember): boolean {
    const { configuration, commit } = leader.raft.status();
    const members = [...configuration.voters, ...configuration.learners];
    return members.every((id) => this.cluster.member(id).state.index === commit);
  }

  #anyUp(): TestMember | null {
    const up = this.cluster.up();
    return up.length === 0 ? null : pick(this.#random, up);
  }

  #act(member: TestMember): void {
    const random = this.#random;
    const roll = random();
    if (roll < 0.25) member.collect(roll < 0.125);
    else if (roll < 0.4) member.finishWrite();
    else if (roll < 0.55) member.apply();
    else if (roll < 0.72) member.raft.tick(random() < 0.02);
    else if (roll < 0.8) this.cluster.propose(member.id, `value ${this.#nextRequest++}`);
    else if (roll < 0.85) this.#read(member);
    else if (roll < 0.89) this.#changeMembership(member);
    else if (roll < 0.91) member.raft.transferLeadership(pick(random, ALL));
    else if (roll < 0.93) member.raft.forgetLeader(member.raft.leader);
    else if (roll < 0.94) member.raft.campaign('LeaderLost');
    else if (roll < 0.95) member.raft.reportUnreachable(pick(random, ALL));
    else if (roll < 0.98) member.checkpoint();
    else member.cut(member.disk.checkpoint.index - Math.floor(random() * 3));
  }

  #read(member: TestMember): void {
    const requestId = this.#nextRequest++;
    this.#reads.set(requestId, this.cluster.checker.highestCommit);
    member.raft.readIndex(requestId);
  }

  /** Linearizable: an answer covers all that was committed anywhere when the read began. */
  #checkReads(): void {
    for (const { requestId, index } of this.cluster.answeredReads.splice(0)) {
      const mustSee = this.#reads.get(requestId) ?? 0;
      assert.ok(index >= mustSee, `read ${requestId} saw ${index}, but ${mustSee} was committed before it began`);
    }
  }

  #changeMembership(member: TestMember): void {
    const random = this.#random;
    const members = ALL.filter(() => random() < 0.6);
    const voters = members.filter(() => random() < 0.7);
    if (voters.length === 0) return;
    this.cluster.changeTo(member.id, { voters, learners: members.filter((id) => !voters.includes(id)) });
  }

  /** Usually in order, because a stream is; sometimes from anywhere; sometimes lost or twice. */
  #deliverSome(): void {
    const { network } = this.cluster;
    if (network.length === 0) return;
    const position = this.#random() < 0.8 ? 0 : Math.floor(this.#random() * network.length);
    const [message] = network.splice(position, 1);
    if (message === undefined) return;
    if (this.#random() < 0.05) network.splice(Math.floor(this.#random() * network.length), 0, message);
    const isLost = this.#random() < this.#lossRate;
    this.cluster.isLost = () => isLost;
    this.cluster.deliver(message);
    this.cluster.heal();
    const receiver = this.cluster.member(message.to);
    if (!receiver.isUp || this.#random() > this.#diligence) return;
    receiver.collect();
    receiver.finishWrite();
    while (receiver.apply());
  }

  #crashOrRestart(): void {
    const member = this.cluster.member(pick(this.#random, ALL));
    if (member.isUp) this.cluster.crash(member.id);
    else member.start();
    if (this.#random() < 0.1) for (const other of this.cluster.up()) this.cluster.crash(other.id);
  }
}
