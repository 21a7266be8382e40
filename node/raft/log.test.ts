import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken } from './invariant.ts';
import { Log } from './log.ts';
import { entryOf } from './testing/cluster.ts';

/** A log after base 0, one term an entry, all of it durable. */
function logOf(terms: readonly number[], committed = 0, maxApplyingBytes = 1 << 20): Log {
  const entries = terms.map((term, i) => entryOf(term, i + 1));
  return new Log({ index: 0, term: 0 }, entries, committed, 0, maxApplyingBytes);
}

const termsOf = (log: Log) => log.slice(log.firstIndex, Number.MAX_SAFE_INTEGER).map((entry) => entry.term);

test('entries that are there already stay, and so does what follows them', () => {
  const log = logOf([1, 1, 2]);
  log.overwrite([entryOf(1, 1), entryOf(1, 2)]);
  assert.deepEqual(termsOf(log), [1, 1, 2]);
});

test('a conflict removes the tail from there on', () => {
  const log = logOf([1, 1, 2, 2]);
  log.overwrite([entryOf(1, 2), entryOf(3, 3)]);
  assert.deepEqual(termsOf(log), [1, 1, 3]);
  assert.equal(log.durableIndex, 2);
});

test('a conflict with a committed entry ends the process', () => {
  const log = logOf([1, 1, 2], 2);
  assert.throws(() => log.overwrite([entryOf(3, 2)]), InvariantBroken);
});

test('a hole or a falling term ends the process', () => {
  const log = logOf([1, 3]);
  assert.throws(() => log.append([entryOf(3, 4)]), InvariantBroken);
  assert.throws(() => log.append([entryOf(2, 3)]), InvariantBroken);
});

test('a commit index beyond the log ends the process: acknowledged entries were lost', () => {
  assert.throws(() => logOf([1]).commitTo(2), /were lost/);
});

test('a finished write proves nothing about entries that replaced its own (ABA)', () => {
  const log = logOf([1]);
  log.append([entryOf(2, 2), entryOf(2, 3)]);
  const first = log.startWrite(null);
  log.overwrite([entryOf(3, 2), entryOf(3, 3)]);
  log.finishWrite(first.token);
  assert.equal(log.durableIndex, 1);
  const second = log.startWrite(null);
  assert.deepEqual(
    second.entries.map((entry) => entry.term),
    [3, 3],
  );
  log.finishWrite(second.token);
  assert.equal(log.durableIndex, 3);
});

test('the last token of several batches stands for all of them', () => {
  const log = logOf([]);
  log.append([entryOf(1, 1)]);
  log.startWrite({ term: 1, vote: 2, commit: 0 });
  log.append([entryOf(1, 2)]);
  const { token } = log.startWrite(null);
  assert.deepEqual(log.finishWrite(token), { term: 1, vote: 2, commit: 0 });
  assert.equal(log.durableIndex, 2);
  assert.equal(log.hasWritesInFlight, false);
});

test('only committed entries that are durable are handed out, once', () => {
  const log = logOf([1]);
  log.append([entryOf(1, 2)]);
  log.commitTo(2);
  assert.deepEqual(
    log.takeCommitted().map((entry) => entry.index),
    [1],
  );
  log.finishWrite(log.startWrite(null).token);
  assert.deepEqual(
    log.takeCommitted().map((entry) => entry.index),
    [2],
  );
  assert.equal(log.takeCommitted().length, 0);
});

test('what is handed out for applying is bounded, but one entry always passes', () => {
  const log = logOf([1, 1, 1], 3, 1);
  assert.equal(log.takeCommitted().length, 1);
  assert.equal(log.takeCommitted().length, 0);
  log.appliedTo(1);
  assert.equal(log.takeCommitted()[0]?.index, 2);
});

test('a snapshot restarts the log, holds back applying until it is installed, and drops old writes', () => {
  const log = logOf([1, 1, 2, 2, 2], 2);
  assert.equal(log.takeCommitted().length, 2);
  log.append([entryOf(2, 6)]);
  const before = log.startWrite(null);
  log.restore({ index: 4, term: 3, configuration: { voters: [1], leaving: null, learners: [] } });
  assert.equal(log.lastIndex, 4);
  assert.equal(log.lastTerm, 3);
  log.append([entryOf(3, 5)]);
  log.commitTo(5);
  log.finishWrite(before.token);
  assert.equal(log.durableIndex, 2);
  const after = log.startWrite(null);
  assert.equal(after.snapshot?.index, 4);
  assert.equal(log.takeCommitted().length, 0);
  log.appliedTo(2);
  log.finishWrite(after.token);
  assert.equal(log.applied, 4);
  assert.equal(log.takeCommitted()[0]?.index, 5);
});

test('a cut keeps the position before the first entry', () => {
  const log = logOf([1, 2, 3], 3);
  log.takeCommitted();
  log.appliedTo(2);
  log.compact(2);
  assert.deepEqual(log.base, { index: 2, term: 2 });
  assert.equal(log.firstIndex, 3);
  assert.equal(log.termAt(1), undefined);
  assert.equal(log.termAt(2), 2);
  assert.throws(() => log.compact(3), InvariantBroken);
  assert.throws(() => log.slice(2, 1), InvariantBroken);
});

test('a hint skips every index whose term is too high', () => {
  const log = logOf([1, 3, 3, 4, 4, 5, 5, 5, 6]);
  assert.deepEqual(log.conflictHint(8, 3), { index: 3, term: 3 });
  assert.deepEqual(log.conflictHint(8, 2), { index: 1, term: 1 });
  assert.deepEqual(log.conflictHint(12, 2), { index: 12, term: 0 });
});

test('an applied index before the log or above commit is refused at start', () => {
  const base = { index: 5, term: 1 };
  assert.throws(() => new Log(base, [], 5, 4, 1), /before the log's base/);
  assert.throws(() => new Log(base, [], 5, 6, 1), /above commit/);
  assert.throws(() => new Log(base, [], 7, 5, 1), /outside the log/);
});
