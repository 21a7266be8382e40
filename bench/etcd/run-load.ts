/** One load against one cluster, and what it cost the members. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { usageOf } from '../process-usage.ts';
import { type BenchmarkReport, parseReport } from './benchmark-report.ts';
import type { Load } from './loads.ts';
import { leaderOf, type RunningCluster } from './member-process.ts';

export type Cost = Omit<BenchmarkReport, 'perSecond'> & {
  /** Null for a load at a given rate. */
  readonly perSecond: number | null;
  /** Processor time of all members. */
  readonly cpuUsPerRequest: number;
  /** Of the member that has most. */
  readonly residentBytes: number;
};

/** One client speaks to the leader; more are spread over all members. */
export async function runLoad(cluster: RunningCluster, load: Load): Promise<Cost> {
  const leader = await leaderOf(cluster);
  const endpoints = [leader, ...cluster.members.filter((member) => member !== leader)].map(({ endpoint }) => endpoint);
  const [command, ...options] = load.command as [string, ...string[]];
  const flags = [
    `--endpoints=${endpoints.join(',')}`,
    `--clients=${load.clients}`,
    `--conns=${load.connections}`,
    '--precise',
    `${load.totalFlag}=${load.total}`,
  ];
  const before = usages(cluster);
  const { stdout } = await promisify(execFile)('benchmark', [command, ...options, ...flags], { maxBuffer: 64 << 20 });
  const after = usages(cluster);
  const cpuSeconds = after.reduce((sum, { cpuSeconds }, n) => sum + cpuSeconds - before[n]!.cpuSeconds, 0);
  const report = parseReport(stdout);
  return {
    ...report,
    perSecond: load.isPaced ? null : report.perSecond,
    cpuUsPerRequest: (1e6 * cpuSeconds) / load.total,
    residentBytes: Math.max(...after.map(({ residentBytes }) => residentBytes)),
  };
}

function usages({ members }: RunningCluster): { cpuSeconds: number; residentBytes: number }[] {
  return members.map((member) => usageOf(member.process().pid!));
}
