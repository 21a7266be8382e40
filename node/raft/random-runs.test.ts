/** Many random runs; a failing one is run again by the two variables in its name. */
import { test } from 'node:test';
import { RandomRun } from './testing/random-run.ts';

const SEEDS = Number(process.env['RAFT_SEEDS'] ?? 40);
const FIRST_SEED = Number(process.env['RAFT_FIRST_SEED'] ?? 1);
const STEPS = 8000;

for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
  test(`a cluster under faults stays safe and recovers (RAFT_FIRST_SEED=${seed} RAFT_SEEDS=1)`, () => {
    const run = new RandomRun(seed);
    for (let step = 0; step < STEPS; step++) run.step();
    run.recover();
  });
}
