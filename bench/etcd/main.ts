/**
 * `npm run bench:etcd`: three members of etcd and three of Quorate in turn, on the same disk and with every write synced,
 * under etcd's own `benchmark`. Prints the ratio of the medians: above 1, Quorate is better. Wants `etcd` and `benchmark`
 * on PATH. The load generator shares the machine with the members.
 */
import { availableParallelism, cpus, release } from 'node:os';
import { Command } from 'commander';
import { parsePositive } from '../../cli/values.ts';
import { isOnPath } from '../../test/etcd/on-path.ts';
import { Acknowledged } from './acknowledged.ts';
import { type Rounds, table } from './comparison.ts';
import { etcd } from './etcd.ts';
import { type Load, loadsOf, RANGED_KEY, VALUE_BYTES, warmUp } from './loads.ts';
import { leaderOf, type System, withClient } from './member-process.ts';
import { quorate } from './quorate.ts';
import { type Cost, runLoad } from './run-load.ts';
import { measureWriteGap } from './write-gap.ts';

const options = new Command('bench:etcd')
  .description("Compare three members of Quorate and three of etcd under etcd's own load generator.")
  .option('--quick', 'one short round: shows that it works, not how fast', false)
  .option('--rounds <n>', 'rounds of every load, alternating (3; 1 with --quick)', parsePositive)
  .option('--only <names>', 'loads whose names begin so, separated by commas', '')
  .parse()
  .opts<{ quick: boolean; rounds?: number; only: string }>();

const missing = ['etcd', 'benchmark'].filter((program) => !isOnPath(program));
if (missing.length > 0) {
  console.error(`bench:etcd: ${missing.join(' and ')} not on PATH: etcd's server, and tools/benchmark of its sources`);
  process.exit(2);
}

const rounds = options.rounds ?? (options.quick ? 1 : 3);
const loads = loadsOf(options.quick).filter(({ name }) =>
  options.only.split(',').some((prefix) => name.startsWith(prefix)),
);

type Recorded = { readonly costs: Map<string, Cost[]>; readonly gapsMs: number[] };
const recorded = new Map<System, Recorded>([quorate, etcd].map((system) => [system, { costs: new Map(), gapsMs: [] }]));
for (let round = 0; round < rounds; round++) {
  // Alternating, so that what the machine does meanwhile favours neither.
  for (const system of round % 2 === 0 ? [etcd, quorate] : [quorate, etcd]) {
    await runRound(system, recorded.get(system)!, `round ${round + 1} of ${rounds}, ${system.name}`);
  }
}

console.log(
  `\nNode ${process.version}, Linux ${release()}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ` +
    `${rounds} rounds, medians\n\nQuorate / etcd **ratio**: above 1, Quorate is better\n`,
);
console.log(table(recorded.get(quorate) as Rounds, recorded.get(etcd) as Rounds));

async function runRound(system: System, { costs, gapsMs }: Recorded, title: string): Promise<void> {
  const cluster = await system.start();
  try {
    const acknowledged = new Acknowledged();
    await withClient(await leaderOf(cluster), (client) =>
      client.put(RANGED_KEY).value(Buffer.alloc(VALUE_BYTES, 'v')).exec(),
    );
    acknowledged.addKeys([RANGED_KEY]);
    for (const load of [warmUp(options.quick), ...loads]) {
      const cost = await runLoad(cluster, load);
      acknowledged.add(load, cost.failures);
      console.log(`${title}: ${describe(load, cost)}`);
      if (load.name !== 'warm-up') costs.set(titleOf(load), [...(costs.get(titleOf(load)) ?? []), cost]);
    }
    const gap = await measureWriteGap(cluster);
    gapsMs.push(gap.gapMs);
    acknowledged.addKeys(gap.acknowledged);
    const checked = await acknowledged.check(cluster);
    console.log(`${title}: writes stopped for ${Math.round(gap.gapMs)} ms; all ${checked} acknowledged keys are there`);
  } finally {
    await cluster.stop();
  }
}

function titleOf({ name, clients, isPaced }: Load): string {
  return isPaced ? name : `${name}, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
}

function describe(load: Load, cost: Cost): string {
  const failed = cost.failures > 0 ? `, ${cost.failures} FAILED` : '';
  return (
    `${titleOf(load)}: ${cost.perSecond === null ? '' : `${Math.round(cost.perSecond)}/s, `}p50 ${cost.p50Ms.toFixed(2)} ms, p99 ${cost.p99Ms.toFixed(2)} ms, ` +
    `${Math.round(cost.cpuUsPerRequest)} µs CPU, ${Math.round(cost.residentBytes / 2 ** 20)} MiB${failed}`
  );
}
