import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSimArguments } from './sim-arguments.ts';

test('without arguments 200 seeds are run, from the first', () => {
  assert.deepEqual(readSimArguments([]), { kind: 'Many', from: 1, count: 200 });
});

test('a seed is a name as it stands, with its trace when asked for', () => {
  assert.deepEqual(readSimArguments(['--seed', '17', '--trace']), { kind: 'Single', seed: '17', withTrace: true });
});

test('what is no number of seeds is refused, and not taken for a run without a failure', () => {
  for (const text of ['many', '0', '1.5', '']) {
    assert.throws(() => readSimArguments(['--seeds', text]), /--seeds is '.*'; it must be a whole number above 0/);
  }
  assert.throws(() => readSimArguments(['--from', 'x']), /--from is 'x'/);
  assert.throws(() => readSimArguments(['--help']), /Unknown option '--help'/);
});

test('what does not go together is refused, and not passed over', () => {
  assert.throws(() => readSimArguments(['--seeds', '10', '--trace']), /--trace goes with --seed alone/);
  assert.throws(() => readSimArguments(['--trace']), /--trace goes with --seed alone/);
  assert.throws(() => readSimArguments(['--seed', '1', '--seeds', '10']), /--seed goes without --seeds/);
  assert.throws(() => readSimArguments(['--seed', '1', '--from', '10']), /--seed goes without --seeds/);
  assert.throws(() => readSimArguments(['--seed', '']), /--seed is empty/);
});
