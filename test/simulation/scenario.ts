/** A whole cluster, simulated, in which nothing happens but what a test does to it, step by step. */
import assert from 'node:assert/strict';
import type { LocalMember } from '../../node/server/member.ts';
import { call, sleep } from './calls.ts';
import { Cluster } from './cluster.ts';
import type { Machine } from './machine.ts';
import { drawPlan, type FaultRates, type Plan } from './plan.ts';
import { synchronously } from './scheduler.ts';
import { World } from './world.ts';

/** In simulated time; no step of a scenario takes as long. */
const PATIENCE_MS = 60_000;
export const ELECTION_TIMEOUT_MS = 300;
const LOOK_EVERY_MS = 0.2;

export type ScenarioSize = {
  readonly founders: number;
  readonly machines: number;
  readonly maxLogBytes?: number;
  readonly diskBytes?: number;
};

/** @param script waits for nothing but what this object gives it: the real event loop stands still meanwhile */
export function scenario(size: ScenarioSize, script: (scenario: Scenario) => Promise<void>): Promise<void> {
  return synchronously(() => {
    const world = new World('scenario');
    const cluster = new Cluster(world, quietPlan(size));
    let outcome: 'Done' | { readonly error: unknown } | null = null;
    const scenario = new Scenario(cluster);
    cluster
      .form()
      .then(() => scenario.until('a leader that everyone follows', () => scenario.isSettled()))
      .then(() => script(scenario))
      .then(
        () => {
          outcome = 'Done';
        },
        (error: unknown) => {
          outcome = { error };
        },
      );
    cluster.run(10 * PATIENCE_MS, () => outcome !== null);
    assert.equal(world.failure, null, world.trace.lastLines(40).join('\n'));
    const ended = outcome as 'Done' | { readonly error: unknown } | null;
    if (ended === null) throw new Error('the scenario did not end');
    if (ended !== 'Done') throw ended.error;
  });
}

export class Scenario {
  readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  leader(): Machine | null {
    return this.cluster.machines.find(({ member }) => member?.replica?.isLeader) ?? null;
  }

  /** All members have all that the leader has, and it knows. */
  isSettled(): boolean {
    const status = this.leader()?.member?.replica?.raftStatus();
    if (status === undefined || !status.hasCommittedInTerm) return false;
    const { peers, lastIndex } = status;
    return peers.every(({ match, isRecentlyActive }) => isRecentlyActive && match === lastIndex);
  }

  /** As a client: the answer, or the error's code. */
  async ask<T>(
    machine: Machine,
    question: (member: LocalMember) => Promise<T>,
  ): Promise<{ readonly answer: T } | { readonly code: string }> {
    const answer = await call(this.cluster.world, machine, PATIENCE_MS, question);
    return answer.kind === 'Answered' ? { answer: answer.value } : { code: answer.code };
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const { world } = this.cluster;
    const untilMs = world.nowMs + PATIENCE_MS;
    while (!holds()) {
      if (world.nowMs > untilMs)
        throw new Error(`not within ${PATIENCE_MS} ms: ${what}\n${world.trace.lastLines(40).join('\n')}`);
      await sleep(world, LOOK_EVERY_MS);
    }
  }

  sleep(delayMs: number): Promise<void> {
    return sleep(this.cluster.world, delayMs);
  }

  cut(one: Machine, other: Machine): void {
    this.cluster.network.cut(one.address, other.address);
  }

  heal(): void {
    this.cluster.network.unblockAll();
  }
}

export function quietPlan(size: ScenarioSize): Plan {
  const { founders, machines, maxLogBytes = 1_000_000, diskBytes = 1 << 22 } = size;
  const plan = drawPlan(new World('quiet').random);
  return {
    ...plan,
    founderCount: founders,
    machineCount: machines,
    electionTimeoutMs: ELECTION_TIMEOUT_MS,
    heartbeatIntervalMs: ELECTION_TIMEOUT_MS / 10,
    tickMs: ELECTION_TIMEOUT_MS / 20,
    clockRateSpread: 0,
    maxLogBytes,
    logTailBytes: maxLogBytes / 4,
    maxLogSegmentBytes: 4_096,
    network: { leastDelayMs: 0.2, mostDelayMs: 0.5, lossChance: 0, duplicateChance: 0, reorderChance: 0 },
    disk: { latencyMs: 0.02, syncLatencyMs: 0.2, slowChance: 0, capacityBytes: diskBytes },
    faults: Object.fromEntries(Object.keys(plan.faults).map((kind) => [kind, null])) as unknown as FaultRates,
  };
}
