/**
 * One simulated run: a cluster is formed and used while things go wrong, and must never break a promise; then
 * nothing goes wrong any more, and it must get going again. Everything follows from the seed.
 */
import { Admin } from './admin.ts';
import { Backup } from './backup.ts';
import { sleep } from './calls.ts';
import { Cluster } from './cluster.ts';
import { Faults } from './faults.ts';
import { Losses } from './losses.ts';
import { drawPlan, type Plan } from './plan.ts';
import { QuorumLoss } from './quorum-loss.ts';
import { restoredCluster } from './restored-cluster.ts';
import { synchronously } from './scheduler.ts';
import { Watcher } from './watcher.ts';
import { Client } from './workload.ts';
import { World } from './world.ts';

export type SimulationResult = {
  readonly seed: string;
  readonly plan: Plan;
  /** What was broken, or null. */
  readonly failure: string | null;
  readonly lastLines: readonly string[];
  /** Of the whole trace: equal seeds, equal digests. */
  readonly digest: string;
  readonly stepCount: number;
  readonly simulatedMs: number;
  readonly counts: ReadonlyMap<string, number>;
};

/** @param listener gets each line of the trace as it happens */
export function simulate(seed: string, listener: ((line: string) => void) | null = null): Promise<SimulationResult> {
  return synchronously(() => {
    const world = new World(seed, listener);
    const plan = drawPlan(world.random.fork('plan'));
    const onRejection = (error: unknown): void =>
      world.fail(`a rejection was not handled: ${(error as Error)?.stack ?? error}`);
    process.on('unhandledRejection', onRejection);
    try {
      run(new Cluster(world, plan));
    } catch (error) {
      world.fail(`the simulation threw: ${(error as Error).stack}`);
    } finally {
      process.off('unhandledRejection', onRejection);
    }
    const { failure, trace, scheduler, counts } = world;
    const lastLines = trace.lastLines(60);
    return {
      seed,
      plan,
      failure,
      lastLines,
      digest: trace.digest(),
      stepCount: scheduler.stepCount,
      simulatedMs: scheduler.nowMs,
      counts,
    };
  });
}

function run(cluster: Cluster): void {
  const { world, plan } = cluster;
  const backup = plan.ordeal === 'Restore' ? new Backup(cluster) : null;
  live(cluster, () => cluster.form(), backup);
  if (world.failure !== null || backup === null) return;
  cluster.end();
  const restored = restoredCluster(cluster, backup.content!);
  if (world.failure === null) live(restored.cluster, restored.form, null);
}

/** @param form resolves when the cluster may be used */
function live(cluster: Cluster, form: () => Promise<void>, backup: Backup | null): void {
  const { world, plan } = cluster;
  const losses = new Losses(cluster);
  const faults = new Faults(cluster, losses);
  const admin = new Admin(cluster, losses);
  const clients = Array.from({ length: plan.clientCount }, (_, at) => new Client(cluster, `c${at}`));
  const watchers = Array.from({ length: plan.watcherCount }, (_, at) => new Watcher(cluster, `w${at}`));
  const quorumLoss = new QuorumLoss(cluster, faults, losses);
  const others = [backup, plan.ordeal === 'QuorumLoss' ? quorumLoss : null].filter((actor) => actor !== null);
  faults.start();
  void form().then(() => {
    for (const actor of [...clients, ...watchers, admin, ...others]) void actor.run();
  });
  cluster.run(world.nowMs + plan.durationMs, () => false);
  if (world.failure !== null) return;

  world.trace.add('faults end');
  faults.stop();
  admin.isQuiet = true;
  for (const client of clients) client.isIdle = true;
  for (const watcher of watchers) watcher.isEager = true;
  if (!demand(cluster, 'a backup gets to its end', () => backup === null || backup.content !== null)) return;
  if (!demand(cluster, 'a lost quorum is recovered', () => quorumLoss.isSettled)) return;
  if (!demand(cluster, 'whoever comes back is turned away', () => quorumLoss.areLeftOversGone)) return;
  demandProgress(cluster, admin, clients, watchers);
}

/** How long a healthy cluster may take for each step, in simulated time. */
const PATIENCE_ELECTION_TIMEOUTS = 40;
const PATIENCE_MS = 20_000;

function demand(cluster: Cluster, what: string, isDone: () => boolean): boolean {
  const { world, plan } = cluster;
  const untilMs = world.nowMs + PATIENCE_MS + PATIENCE_ELECTION_TIMEOUTS * plan.electionTimeoutMs;
  if (cluster.run(untilMs, isDone)) return true;
  if (world.failure === null) world.fail(`no progress in quiet times: ${what}`);
  return false;
}

function demandProgress(
  cluster: Cluster,
  admin: Admin,
  clients: readonly Client[],
  watchers: readonly Watcher[],
): void {
  const { observers } = cluster;
  const members = (): readonly { readonly applied: number; readonly isMember: boolean }[] => {
    const listed = cluster.newestMembership()?.members ?? [];
    return listed.map(({ id }) => {
      const replica = cluster.replicaOf(id);
      return { applied: replica?.store?.appliedIndex ?? 0, isMember: replica?.isMember ?? false };
    });
  };
  if (!demand(cluster, 'lost members are replaced, learners promoted', () => admin.isContent())) return;
  if (!demand(cluster, 'every member is up', () => members().length > 0 && members().every(({ isMember }) => isMember)))
    return;
  for (const client of clients) client.isStopped = true;
  const served = new Set<number>();
  void writeThroughEach(cluster, served);
  const isServedByAll = (): boolean => cluster.newestMembership()?.members.every(({ id }) => served.has(id)) ?? false;
  if (!demand(cluster, 'a write through each member is acknowledged', isServedByAll)) return;
  if (!demand(cluster, 'leases that nobody keeps alive expire', () => observers.oracle.model.leases.size === 0)) return;
  const { model } = observers.oracle;
  if (
    !demand(cluster, 'watchers hear of everything', () =>
      watchers.every(({ seenRevision }) => seenRevision >= model.revision),
    )
  )
    return;
  for (const watcher of watchers) watcher.isStopped = true;
  demand(cluster, 'all members apply everything', () => new Set(members().map(({ applied }) => applied)).size === 1);
}

/** Membership may still move, by a change that was asked for earlier: whoever is a member at last counts. */
async function writeThroughEach(cluster: Cluster, served: Set<number>): Promise<void> {
  const client = new Client(cluster, 'last');
  for (;;) {
    for (const machine of cluster.running()) {
      const id = machine.memberId;
      if (id !== null && !served.has(id) && (await client.put(machine))) served.add(id);
    }
    await sleep(cluster.world, 20);
  }
}
