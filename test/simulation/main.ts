/** `npm run sim`: many seeds, or one of them with its trace (sim-arguments.ts). */
import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { runBatch } from './batch.ts';
import { replayCommand } from './replay-command.ts';
import { readSimArguments, type SimArguments, usage } from './sim-arguments.ts';
import { simulate } from './simulate.ts';

const asked = read();
if (asked === null) process.exitCode = 2;
else if (asked.kind === 'Many') await many(asked.from, asked.count);
else await single(asked.seed, asked.withTrace);

/** Null when the arguments cannot be used, which has been said then. */
function read(): SimArguments | null {
  try {
    return readSimArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return null;
  }
}

async function single(seed: string, withTrace: boolean): Promise<void> {
  const { plan, ...result } = await simulate(seed, withTrace ? (line) => writeSync(1, `${line}\n`) : null);
  console.log(JSON.stringify(plan, null, 2));
  if (result.failure !== null && !withTrace) console.log(result.lastLines.join('\n'));
  for (const [what, count] of [...result.counts].sort(byName)) console.log(`${String(count).padStart(8)}  ${what}`);
  console.log(
    `${result.stepCount} steps, ${(result.simulatedMs / 1000).toFixed(1)} simulated seconds, trace ${result.digest}`,
  );
  console.log(`seed ${seed}: ${result.failure ?? 'nothing was broken'}`);
  if (result.failure !== null) process.exitCode = 1;
}

async function many(from: number, count: number): Promise<void> {
  const seeds = Array.from({ length: count }, (_, at) => String(from + at));
  const totals = new Map<string, number>();
  let done = 0;
  const outcomes = await runBatch({
    seeds,
    root: resolve(import.meta.dirname, '../..'),
    onOutcome: ({ seed, failure, counts }) => {
      for (const [what, times] of Object.entries(counts)) totals.set(what, (totals.get(what) ?? 0) + times);
      done++;
      if (failure !== null) console.log(`seed ${seed} FAILED: ${failure}\n  ${replayCommand(seed)}`);
      else if (done % 100 === 0) console.log(`${done} of ${count} seeds`);
    },
  });
  const failed = outcomes.filter(({ failure }) => failure !== null);
  for (const [what, times] of [...totals].sort(byName)) console.log(`${String(times).padStart(10)}  ${what}`);
  console.log(`${outcomes.length} seeds, ${failed.length} failed`);
  if (failed.length > 0) process.exitCode = 1;
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a.localeCompare(b);
}
