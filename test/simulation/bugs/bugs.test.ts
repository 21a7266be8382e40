import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBatch } from '../batch.ts';
import type { Outcome } from '../worker.ts';
import { type Bug, bugs } from './table.ts';
import { withBug } from './tree-with-bug.ts';

for (const bug of bugs) {
  test(`the simulation finds a member that ${bug.name}`, async () => {
    const isFound = ({ failure }: Outcome): boolean => failure !== null && bug.finds.test(failure);
    const outcomes = await withBug(bug, (root) => runBatch({ seeds: seedsFor(bug), root, stopAt: isFound }));
    const found = outcomes.find(isFound);
    const others = outcomes.flatMap(({ seed, failure }) => (failure === null ? [] : [`${seed}: ${failure}`]));
    assert.ok(found, `not found in ${bug.seeds} seeds; they found ${others.join('\n') || 'nothing'}`);
    console.log(`${bug.name}: seed ${found.seed}, ${found.failure?.split('\n')[0]}`);
  });
}

/** First the one that has found it before: most changes of the code do not change its run. */
function seedsFor({ lastFoundBy, seeds }: Bug): string[] {
  const all = Array.from({ length: seeds }, (_, at) => at + 1);
  return [lastFoundBy, ...all.filter((seed) => seed !== lastFoundBy)].map(String);
}
