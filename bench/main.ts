/**
 * `npm run bench`: what a three-member cluster of real processes on this machine does, and which limit binds. The load
 * generator shares the machine with the members.
 */
import { Command } from 'commander';
import { parsePositive } from '../cli/values.ts';
import { measureFailovers } from './failover.ts';
import { fill } from './fill.ts';
import { measureLoads } from './loads.ts';
import { measureOperator } from './operator/measure.ts';

const program = new Command('bench')
  .description('Measure a cluster of three members on this machine.')
  .showHelpAfterError('(bench --help tells which parts there are)');

program
  .command('loads', { isDefault: true })
  .description('requests per second, latencies, processor time, memory; what runs where no part is named')
  .option('--seconds <n>', 'how long each load runs', parsePositive, 5)
  .option('--only <names>', 'loads whose names contain this', '')
  .action(({ seconds, only }: { seconds: number; only: string }) => measureLoads(seconds * 1000, only));

program
  .command('failover')
  .description('how long writes stop when the leader dies, or falls silent')
  .option('--rounds <n>', 'leaders to take away, of each kind', parsePositive, 10)
  .action(({ rounds }: { rounds: number }) => measureGaps(rounds));

program
  .command('fill')
  .description('resident memory after many keys')
  .option('--keys <n>', 'keys to write', parsePositive, 1_000_000)
  .action(({ keys }: { keys: number }) => fill(keys));

program
  .command('operator')
  .description('memory and passes of the operator; wants etcd, kube-apiserver and kube-controller-manager on PATH')
  .option('--clusters <n>', 'RaftClusters, of modelled members', parsePositive, 100)
  .action(({ clusters }: { clusters: number }) => measureOperator(clusters, 60_000));

await program.parseAsync();

async function measureGaps(rounds: number): Promise<void> {
  for (const kind of ['killed', 'silent'] as const) {
    const gaps = (await measureFailovers(kind, rounds)).sort((a, b) => a - b);
    const [least, median, most] = [gaps[0]!, gaps[Math.floor(gaps.length / 2)]!, gaps.at(-1)!].map(Math.round);
    console.log(
      `leader ${kind}: no write acknowledged for ${median} ms (median of ${gaps.length}; ${least} to ${most})`,
    );
  }
}
