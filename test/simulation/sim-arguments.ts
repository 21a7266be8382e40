/** What `npm run sim` was asked for. */
import { parseArgs } from 'node:util';

export const usage = `npm run sim -- --seeds 10000 [--from 1]    prints what fails, and how to see it again
npm run sim -- --seed 17 [--trace]         one run, with every event`;

export type SimArguments =
  | { readonly kind: 'Many'; readonly from: number; readonly count: number }
  | { readonly kind: 'Single'; readonly seed: string; readonly withTrace: boolean };

/** @throws Error that says which argument cannot be used: a run of no seeds would look like a run without a failure */
export function readSimArguments(args: readonly string[]): SimArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  });
  if (values.seed !== undefined) return { kind: 'Single', seed: values.seed, withTrace: values.trace };
  return { kind: 'Many', from: positive('--from', values.from), count: positive('--seeds', values.seeds) };
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${flag} is '${text}'; it must be a whole number above 0`);
}
