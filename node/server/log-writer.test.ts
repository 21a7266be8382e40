import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AppendToLog, type Entry, EntryKind, type SnapshotMetadata } from '../raft/types.ts';
import type { LogBatch, LogPosition, RaftLog } from '../storage/types.ts';
import type { Membership } from '../store/types.ts';
import { LogWriter } from './log-writer.ts';
import { silentObserver } from './observer.ts';
import { ManualClock } from './testing/manual-clock.ts';

const entry = (index: number, term: number): Entry => ({
  index,
  term,
  kind: EntryKind.Normal,
  data: new Uint8Array(3),
});

let lastSequence = 0;
const append = (entries: readonly Entry[], snapshot: SnapshotMetadata | null = null): AppendToLog => ({
  hardState: null,
  entries,
  snapshot,
  replies: [],
  token: { lastIndex: 0, lastTerm: 0, snapshotIndex: 0, sequence: ++lastSequence },
});

/** A log whose writes wait until the test lets the oldest of them finish. */
class SlowLog implements RaftLog {
  readonly batches: LogBatch[] = [];
  readonly calls: string[] = [];
  readonly sizeBytes = 0;
  #release: (() => void)[] = [];

  append(batch: LogBatch): Promise<void> {
    this.batches.push(batch);
    this.calls.push(`append ${batch.entries.map(({ index, term }) => `${index}/${term}`).join(' ')}`);
    return new Promise((resolve) => this.#release.push(resolve));
  }

  async cut(base: LogPosition): Promise<void> {
    this.calls.push(`cut ${base.index}`);
  }

  async close(): Promise<void> {}

  async finishWrite(): Promise<void> {
    this.#release.shift()?.();
    await new Promise(setImmediate);
  }
}

function setUp() {
  const log = new SlowLog();
  const durable: number[] = [];
  const writer = new LogWriter(log, new ManualClock(), silentObserver, {
    appended: (token) => durable.push(token.sequence),
    install: async (snapshot) => void log.calls.push(`install ${snapshot.index}`),
    fatal: (error) => {
      throw error;
    },
  });
  return { log, writer, durable };
}

test('what arrives during a write shares the next one, and nothing is acknowledged before its own is durable', async () => {
  const { log, writer, durable } = setUp();
  const appends = [append([entry(1, 1)]), append([entry(2, 1)]), append([entry(3, 1)])] as const;
  for (const one of appends) writer.append(one);
  assert.deepEqual(log.calls, ['append 1/1']);
  assert.deepEqual(durable, []);
  await log.finishWrite();
  assert.deepEqual(durable, [appends[0].token.sequence]);
  assert.deepEqual(log.calls, ['append 1/1', 'append 2/1 3/1']);
  await log.finishWrite();
  assert.deepEqual(
    durable,
    appends.map(({ token }) => token.sequence),
  );
});

test('entries that replace a tail still waiting to be written take its place in the batch', async () => {
  const { log, writer } = setUp();
  writer.append(append([entry(1, 1)]));
  writer.append(append([entry(2, 1), entry(3, 1), entry(4, 1)]));
  writer.append(append([entry(3, 2)]));
  await log.finishWrite();
  assert.equal(log.calls.at(-1), 'append 2/1 3/2');
});

test('a batch that would leave a hole in the log is a broken invariant', async () => {
  const log = new SlowLog();
  let failure: unknown = null;
  const writer = new LogWriter(log, new ManualClock(), silentObserver, {
    appended: () => {},
    install: async () => {},
    fatal: (error) => {
      failure = error;
    },
  });
  writer.append(append([entry(1, 1)]));
  writer.append(append([entry(2, 1)]));
  writer.append(append([entry(4, 1)]));
  await log.finishWrite();
  assert.match(String(failure), /hole before index 4/);
});

test('a snapshot is installed after what came before it and before what came after', async () => {
  const { log, writer } = setUp();
  const snapshot = { index: 9, term: 2, configuration: { voters: [1], leaving: null, learners: [] } };
  writer.append(append([entry(1, 1)]));
  writer.append(append([], snapshot));
  writer.append(append([entry(10, 2)]));
  await log.finishWrite();
  assert.deepEqual(log.calls, ['append 1/1', 'install 9', 'append 10/2']);
});

test('a stop lets the write in flight finish and frees whoever waits for one that has not begun', async () => {
  const { log, writer } = setUp();
  writer.append(append([entry(1, 1)]));
  const recorded = writer.recordConfiguration({ membership: {} as Membership, commit: 1 });
  let isStopped = false;
  const stopped = writer.stop().then(() => {
    isStopped = true;
  });
  await recorded;
  assert.equal(isStopped, false);
  await log.finishWrite();
  await stopped;
  assert.deepEqual(log.calls, ['append 1/1']);
});

test('whoever comes after the stop is not kept waiting', async () => {
  const { log, writer } = setUp();
  await writer.stop();
  await writer.recordConfiguration({ membership: {} as Membership, commit: 1 });
  await writer.cut({ index: 1, term: 1 });
  assert.deepEqual(log.calls, []);
});

test('a failed write can be stopped', async () => {
  const failures: unknown[] = [];
  const log = { append: () => Promise.reject(new Error('no disk')) } as unknown as RaftLog;
  const writer = new LogWriter(log, new ManualClock(), silentObserver, {
    appended: () => assert.fail('nothing is durable'),
    install: async () => {},
    fatal: (error) => failures.push(error),
  });
  writer.append(append([entry(1, 1)]));
  await new Promise(setImmediate);
  assert.equal(failures.length, 1);
  await writer.stop();
});
