/** What `npm run sim` was asked for. */
import { parseArgs } from 'node:util';

export const usage = `npm run sim -- --seeds 10000 [--from 1]    prints what fails, and how to see it again
npm run sim -- --seed 17 [--trace]         one run, with every event`;

export type SimArguments =
  | { readonly kind: 'Many'; readonly from: number; readonly count: number }
  | { readonly kind: 'Single'; readonly seed: string; readonly withTrace: boolean };

/** @throws Error that says which argument cannot be used: what is passed over would look like a run without a failure */
export function readSimArguments(args: readonly string[]): SimArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      seed: { type: 'string' },
      trace: { type: 'boolean' },
    },
  });
  const { seeds, from, seed, trace } = values;
  if (seed !== undefined) {
    if (seed === '') throw new Error('--seed is empty; it must be the name of a seed');
    if (seeds !== undefined || from !== undefined) throw new Error('--seed goes without --seeds and --from');
    return { kind: 'Single', seed, withTrace: trace === true };
  }
  if (trace === true) throw new Error('--trace goes with --seed alone: the events of many runs would be one heap');
  return { kind: 'Many', from: positive('--from', from ?? '1'), count: positive('--seeds', seeds ?? '200') };
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${flag} is '${text}'; it must be a whole number above 0`);
}
