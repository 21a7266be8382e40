import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { runBatch } from './batch.ts';
import { replayCommand } from './replay-command.ts';
import { simulate } from './simulate.ts';

const SEEDS = 200;

test('two runs of one seed are the same to the byte, two seeds are not', async () => {
  for (const seed of ['1', '2', '4', '12']) {
    const [one, other] = [await simulate(seed), await simulate(seed)];
    assert.equal(one.digest, other.digest, `seed ${seed}`);
    assert.equal(one.stepCount, other.stepCount);
  }
  assert.notEqual((await simulate('1')).digest, (await simulate('2')).digest);
});

test(`no promise is broken in ${SEEDS} runs, and after the faults each cluster gets going again`, async () => {
  const first = 1;
  const seeds = Array.from({ length: SEEDS }, (_, at) => String(first + at));
  const outcomes = await runBatch({ seeds, root: resolve(import.meta.dirname, '../..') });
  const failed = outcomes.filter(({ failure }) => failure !== null);
  for (const { seed, failure } of failed) console.error(`seed ${seed}: ${failure}\n  ${replayCommand(seed)}`);
  assert.deepEqual(
    failed.map(({ seed }) => seed),
    [],
  );
  assert.equal(outcomes.length, SEEDS);

  // A simulation in which nothing happens finds nothing.
  for (const what of EXERCISED) {
    const count = outcomes.reduce((sum, { counts }) => sum + (counts[what] ?? 0), 0);
    assert.ok(count > 0, `nothing was seen of: ${what}`);
  }
});

const EXERCISED = [
  'AddLearner Answered',
  'ElectionLost',
  'ElectionWon',
  'Promote Answered',
  'Remove Answered',
  'ReplaceVoters Answered',
  'SteppedDown',
  'a tail is taken over',
  'bitFlip',
  'cleanStop',
  'crash',
  'crash at create',
  'crash at engineFlush',
  'crash at engineOpen',
  'crash at engineWrite',
  'crash at remove',
  'crash at rename',
  'crash at sync',
  'crash at syncFolder',
  'crashAll',
  'depose',
  'diskFull',
  'diskStall',
  'engineStall',
  'leases expired',
  'leases kept alive',
  'linearizable reads',
  'massReset',
  'messagePoint',
  'parked as damaged',
  'partition',
  'past reads',
  'pause',
  'quorum recovered',
  'recovery broken off',
  'reset',
  'restored by command',
  'restored by founding',
  'serializable reads',
  'snapshot Failed',
  'snapshot Installed',
  'syncError',
  'transfer',
  'turned away',
  'watch batches',
  'wipe',
  'writes Answered',
  'writes Refused',
  'writes Unknown',
];
