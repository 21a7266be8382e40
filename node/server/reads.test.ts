import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reads } from './reads.ts';
import { RequestError } from './types.ts';

const RETRY_AFTER_MS = 100;
const noLeader = (): RequestError => new RequestError('no_leader', 'none');
const notApplied = (): RequestError => new RequestError('not_ready', 'behind');

/** Resolves to 'ready', or the code of the refusal. */
const outcomeOf = (read: Promise<void>): Promise<string> =>
  read.then(
    () => 'ready',
    (error: RequestError) => error.code,
  );

async function isWaiting(outcome: Promise<string>): Promise<boolean> {
  return (await Promise.race([outcome, Promise.resolve('waiting')])) === 'waiting';
}

test('all reads of a turn share one round and are ready when its index is applied', async () => {
  const reads = new Reads(RETRY_AFTER_MS);
  const first = outcomeOf(reads.wait(1000, true));
  const second = outcomeOf(reads.wait(1000, true));
  const id = reads.startRound(0);
  assert.equal(reads.startRound(0), 0);
  reads.confirmed(id, 5, 4);
  assert.equal(await isWaiting(first), true);
  reads.applied(5);
  assert.deepEqual(await Promise.all([first, second]), ['ready', 'ready']);
});

test('a read that arrives after a round was asked for does not join it', async () => {
  const reads = new Reads(RETRY_AFTER_MS);
  void reads.wait(1000, true);
  const id = reads.startRound(0);
  const late = outcomeOf(reads.wait(1000, true));
  reads.confirmed(id, 5, 5);
  assert.equal(await isWaiting(late), true);
  assert.notEqual(reads.startRound(0), 0);
});

test('a dropped round and one without an answer are asked again, under a new id', async () => {
  const reads = new Reads(RETRY_AFTER_MS);
  const read = outcomeOf(reads.wait(10_000, true));
  const first = reads.startRound(0);
  reads.dropped(first);
  const second = reads.startRound(0);
  assert.notEqual(second, first);
  reads.expire(RETRY_AFTER_MS, noLeader, notApplied);
  assert.equal(reads.hasArrived, false);
  reads.expire(RETRY_AFTER_MS + 1, noLeader, notApplied);
  const third = reads.startRound(RETRY_AFTER_MS + 1);
  reads.confirmed(second, 1, 1);
  assert.equal(await isWaiting(read), true);
  reads.confirmed(third, 1, 1);
  assert.equal(await read, 'ready');
});

test('past its deadline a read is refused wherever it waits', async () => {
  const reads = new Reads(RETRY_AFTER_MS);
  const unapplied = outcomeOf(reads.wait(50, true));
  reads.confirmed(reads.startRound(0), 9, 1);
  const asked = outcomeOf(reads.wait(50, true));
  reads.startRound(0);
  const arrived = outcomeOf(reads.wait(50, true));
  reads.expire(50, noLeader, notApplied);
  assert.deepEqual(await Promise.all([unapplied, asked, arrived]), ['not_ready', 'no_leader', 'no_leader']);
  assert.equal(reads.count, 0);
});

test('a read that insists on the leader is refused elsewhere, others stay', async () => {
  const reads = new Reads(RETRY_AFTER_MS);
  const insists = outcomeOf(reads.wait(1000, false));
  void reads.wait(1000, true);
  reads.rejectUnforwardable(() => new RequestError('not_leader', 'elsewhere'));
  assert.equal(await insists, 'not_leader');
  assert.equal(reads.count, 1);
});
