import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBatch } from '../batch.ts';
import { bugs } from './table.ts';
import { withBug } from './tree-with-bug.ts';

for (const bug of bugs) {
  test(`the simulation finds a member that ${bug.name}`, async () => {
    const seeds = Array.from({ length: bug.seeds }, (_, at) => String(at + 1));
    const outcomes = await withBug(bug, (root) => runBatch({ seeds, root, stopAtFailure: true }));
    const found = outcomes.find(({ failure }) => failure !== null);
    assert.ok(found, `not found in ${bug.seeds} seeds`);
    console.log(`${bug.name}: seed ${found.seed}, ${found.failure?.split('\n')[0]}`);
  });
}
