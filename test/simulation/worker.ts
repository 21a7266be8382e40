/** A process that simulates each seed it is sent, and answers with the outcome. */
import { simulate } from './simulate.ts';

export type Outcome = {
  readonly seed: string;
  readonly failure: string | null;
  readonly lastLines: readonly string[];
  readonly digest: string;
  readonly stepCount: number;
  readonly simulatedMs: number;
  readonly counts: Readonly<Record<string, number>>;
};

process.on('message', (seed: string) => {
  void simulate(seed).then(({ plan: _plan, counts, lastLines, ...result }) => {
    const outcome: Outcome = {
      ...result,
      lastLines: result.failure === null ? [] : lastLines,
      counts: Object.fromEntries(counts),
    };
    process.send?.(outcome);
  });
});
process.on('disconnect', () => process.exit());
