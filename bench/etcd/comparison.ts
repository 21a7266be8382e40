/** From the rounds of two systems to the table of their ratios. */
import type { Cost } from './run-load.ts';

/** What one system showed, one item a round. */
export type Rounds = {
  readonly costs: ReadonlyMap<string, readonly Cost[]>;
  readonly gapsMs: readonly number[];
};

/** A ratio of medians: above 1 the first system is better, whichever way the figure counts. */
export function ratio(ours: readonly number[], theirs: readonly number[], higherIsBetter: boolean): number {
  const [mine, other] = [median(ours), median(theirs)];
  if (mine === other) return 1;
  return higherIsBetter ? mine / other : other / mine;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

type Column = {
  readonly title: string;
  readonly of: (cost: Cost) => number | null;
  readonly digits: number;
  readonly up: boolean;
};

const columns: readonly Column[] = [
  { title: 'per second', of: (cost) => cost.perSecond, digits: 0, up: true },
  { title: 'p50 ms', of: (cost) => cost.p50Ms, digits: 2, up: false },
  { title: 'p99 ms', of: (cost) => cost.p99Ms, digits: 2, up: false },
  { title: 'CPU µs/request', of: (cost) => cost.cpuUsPerRequest, digits: 0, up: false },
  { title: 'resident MiB', of: (cost) => cost.residentBytes / 2 ** 20, digits: 0, up: false },
];

/** Markdown. Each cell: our median, theirs, and in bold the ratio. */
export function table(ours: Rounds, theirs: Rounds): string {
  const lines = [
    `| load | ${columns.map(({ title }) => title).join(' | ')} |`,
    `|---|${'--:|'.repeat(columns.length)}`,
  ];
  for (const [load, mine] of ours.costs) {
    const other = theirs.costs.get(load)!;
    const cells = columns.map(({ of, digits, up }) => cell(mine.map(of), other.map(of), digits, up));
    lines.push(`| ${load} | ${cells.join(' | ')} |`);
  }
  if (ours.gapsMs.length > 0) {
    lines.push('', `Writes stop after kill -9 of the leader, ms: ${cell(ours.gapsMs, theirs.gapsMs, 0, false)}`);
  }
  return lines.join('\n');
}

/** A dash where there is nothing to compare: a load at a given rate, a time too short to be seen. */
function cell(
  ours: readonly (number | null)[],
  theirs: readonly (number | null)[],
  digits: number,
  up: boolean,
): string {
  if (!areNumbers(ours) || !areNumbers(theirs)) return '–';
  const [mine, other] = [median(ours), median(theirs)];
  const compared = mine > 0 && other > 0 ? ratio(ours, theirs, up).toFixed(2) : '–';
  return `${mine.toFixed(digits)} / ${other.toFixed(digits)} **${compared}**`;
}

function areNumbers(values: readonly (number | null)[]): values is readonly number[] {
  return values.every((value) => value !== null);
}
