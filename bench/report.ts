/** The table that the benchmark prints, in Markdown. */
import { availableParallelism, cpus, release } from 'node:os';

export type Measured = {
  readonly name: string;
  readonly clients: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
  readonly leaderCores: number;
  readonly memberCores: number;
  readonly loadCores: number;
  readonly maxResidentBytes: number;
  readonly limit: string;
};

/** From here on a thread, or the machine, has nothing left. */
export const SATURATED = 0.9;

/** What kept the figure from being higher, by what was used up. */
export function bindingLimit(leaderCores: number, memberCores: number, loadCores: number): string {
  const machineCores = availableParallelism();
  if (memberCores + loadCores > SATURATED * machineCores) return 'the machine’s cores';
  if (leaderCores > SATURATED) return 'the leader’s event loop';
  if (loadCores > SATURATED) return 'the load generator';
  return 'the round trip: clients wait';
}

export function printTable(rows: readonly Measured[]): void {
  const cpu = cpus()[0]?.model ?? 'unknown processor';
  console.log(
    `\nNode ${process.version}, Linux ${release()}, ${availableParallelism()} cores (${cpu}), load generator on the same machine\n`,
  );
  console.log(
    '| load | clients | per second | p50 ms | p99 ms | members’ CPU µs/request | leader cores | all members | generator | resident MiB | limit |',
  );
  console.log('|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|');
  for (const row of rows) {
    const cells = [
      row.name + (row.failures > 0 ? ` (${row.failures} failed)` : ''),
      row.clients,
      Math.round(row.perSecond).toLocaleString('en'),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      Math.round((row.memberCores / row.perSecond) * 1e6),
      row.leaderCores.toFixed(2),
      row.memberCores.toFixed(2),
      row.loadCores.toFixed(2),
      Math.round(row.maxResidentBytes / 2 ** 20),
      row.limit,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
