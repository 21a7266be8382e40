import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bugs } from '../../../operator/decide/testing/bugs.ts';
import { seeded } from '../../../operator/decide/testing/runs.ts';
import { SimulationFailure, simulate } from './run.ts';

/** `QUORATE_SEED=17` replays one; `QUORATE_SEEDS=1000` runs more. */
const only = process.env['QUORATE_SEED'];
const count = Number(process.env['QUORATE_SEEDS'] ?? 60);
const seeds = only === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(only)];

for (const seed of seeds) {
  test(`stale caches, killed and stopped operators, faults: seed ${seed}`, async () => {
    await simulate(seed, seeded(seed));
  });
}

/** Of the deliberate bugs, those that nothing between a decision and its effect stops. */
const seen = [
  'decides on a configuration that it remembers',
  'does not count the learners that it has added',
  'recovers beside others that may still run',
  'does the same for ever',
];

for (const { name, make } of bugs.filter((bug) => seen.includes(bug.name))) {
  test(`a bug is caught: ${name}`, async () => {
    await assert.rejects(async () => {
      for (let seed = 1; seed <= 12; seed++) await simulate(seed, seeded(seed), make());
    }, SimulationFailure);
  });
}
