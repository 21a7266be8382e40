/** Reads what etcd's `benchmark` prints, with `--precise`. */

export type BenchmarkReport = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
};

/**
 * A run may print more than one summary: reads and writes of a mixed load, puts and the watches that see them. Rates are
 * added; of latencies the last summary's count, which is that of the writes, or of the watches.
 * A percentile that it leaves out is zero: the event was there before the answer to its put.
 *
 * @throws Error when there is no summary
 */
export function parseReport(output: string): BenchmarkReport {
  const rates = numbers(output, /Requests\/sec:\s+([\d.e+-]+)/g);
  const last = output.slice(output.lastIndexOf('Requests/sec:'));
  if (rates.length === 0) throw new Error(`no summary in what benchmark printed:\n${output}`);
  return {
    perSecond: rates.reduce((sum, rate) => sum + rate, 0),
    p50Ms: percentileMs(last, '50'),
    p99Ms: percentileMs(last, '99'),
    failures: numbers(output, /^\s+\[(\d+)\]\t(?!\|)/gm).reduce((sum, count) => sum + count, 0),
  };
}

function percentileMs(summary: string, percent: string): number {
  return 1000 * (numbers(summary, new RegExp(`^\\s+${percent}% in ([\\d.e+-]+) secs`, 'gm'))[0] ?? 0);
}

function numbers(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => Number(match[1]));
}
