/**
 * `npm run bench`: what a three-member cluster of real processes on this machine does, and which limit binds. The load
 * generator shares the machine with the members.
 *
 *   npm run bench                      requests per second, latencies, processor time, memory
 *   npm run bench -- failover          how long writes stop when the leader dies, or falls silent
 *   npm run bench -- fill              resident memory after a million keys
 *   npm run bench -- operator          memory and passes of the operator with 100 RaftClusters; wants etcd,
 *                                      kube-apiserver and kube-controller-manager on PATH
 */
import { parseArgs } from 'node:util';
import { measureFailovers } from './failover.ts';
import { fill } from './fill.ts';
import { measureLoads } from './loads.ts';
import { measureOperator } from './operator/measure.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '10' },
    keys: { type: 'string', default: '1000000' },
    clusters: { type: 'string', default: '100' },
  },
});

const [part = 'loads'] = positionals;
switch (part) {
  case 'loads':
    await measureLoads(Number(values.seconds) * 1000, values.only);
    break;
  case 'failover':
    for (const kind of ['killed', 'silent'] as const) {
      const gaps = (await measureFailovers(kind, Number(values.rounds))).sort((a, b) => a - b);
      const [least, median, most] = [gaps[0]!, gaps[Math.floor(gaps.length / 2)]!, gaps.at(-1)!].map(Math.round);
      console.log(
        `leader ${kind}: no write acknowledged for ${median} ms (median of ${gaps.length}; ${least} to ${most})`,
      );
    }
    break;
  case 'fill':
    await fill(Number(values.keys));
    break;
  case 'operator':
    await measureOperator(Number(values.clusters), 60_000);
    break;
  default:
    console.error(`bench: no part '${part}'; there are loads, failover, fill and operator`);
    process.exitCode = 2;
}
