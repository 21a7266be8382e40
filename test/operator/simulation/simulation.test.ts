import { test } from 'node:test';
import { seeded } from '../../../operator/decide/testing/runs.ts';
import { simulate } from './run.ts';

/** `QUORATE_SEED=17` replays one; `QUORATE_SEEDS=1000` runs more. */
const only = process.env['QUORATE_SEED'];
const count = Number(process.env['QUORATE_SEEDS'] ?? 100);
const seeds = only === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(only)];

for (const seed of seeds) {
  test(`stale caches, killed and stopped operators, faults: seed ${seed}`, async () => {
    await simulate(seed, seeded(seed));
  });
}
