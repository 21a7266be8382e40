import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataDamaged, LogFailed } from '../errors.ts';
import { FaultyDisk, type Survival, seededRandom } from '../testing/faulty-disk.ts';
import { afterStep, FRESH_LOG, type LogStep, lastIndexOf, randomStep } from '../testing/model-log.ts';
import type { RestoredLog } from '../types.ts';
import { openLog } from './open-log.ts';
import { prepareSegment, segmentPath } from './segment-file.ts';
import type { SegmentLog } from './segment-log.ts';

const FOLDER = '/data/log';
const INCARNATION = '0123456789abcdef0123456789abcdef';
const MAX_SEGMENT_BYTES = 700;
const SURVIVALS: readonly Survival[] = ['None', 'All', 'Prefix', 'Some'];

function open(disk: ReturnType<FaultyDisk['boot']>['disk'], incarnation = INCARNATION): ReturnType<typeof openLog> {
  return openLog({ disk, folder: FOLDER, incarnation, maxSegmentBytes: MAX_SEGMENT_BYTES });
}

function carryOut(log: SegmentLog, step: LogStep): Promise<void> {
  if (step.kind === 'Append') return log.append(step.batch);
  if (step.kind === 'Cut') return log.cut(step.base);
  return log.restart(step.log.base, step.log.hardState, step.log.configuration!);
}

function assertHolds(found: RestoredLog, allowed: readonly RestoredLog[], hint: string): void {
  for (const expected of allowed) if (isEqual(found, expected)) return;
  assert.deepEqual(found, allowed.at(-1), hint);
}

function isEqual(found: RestoredLog, expected: RestoredLog): boolean {
  try {
    assert.deepEqual(found, expected);
    return true;
  } catch {
    return false;
  }
}

async function reopened(disk: FaultyDisk): Promise<RestoredLog> {
  const { log, restored } = await open(disk.boot().disk);
  await log.close();
  return restored;
}

/** A log of `steps` random steps, and what it held after each. */
async function written(seed: number, steps: number): Promise<{ disk: FaultyDisk; history: RestoredLog[] }> {
  const random = seededRandom(seed);
  const disk = new FaultyDisk(random);
  const { log } = await open(disk.boot().disk);
  const history = [FRESH_LOG];
  for (let count = 0; count < steps; count++) {
    const step = randomStep(history.at(-1)!, random);
    await carryOut(log, step);
    history.push(afterStep(history.at(-1)!, step));
  }
  await log.close();
  return { disk, history };
}

test('a log says after any steps what it was told', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { disk, history } = await written(seed, 60);
    assert.deepEqual(await reopened(disk), history.at(-1), `seed ${seed}`);
  }
});

test('after a loss of power at any operation everything acknowledged is there, and nothing else', async () => {
  for (let run = 1; run <= 150; run++) {
    const random = seededRandom(run);
    const disk = new FaultyDisk(random);
    let before = FRESH_LOG;
    let after = FRESH_LOG;
    for (let life = 0; life < 4; life++) {
      const { disk: mounted, died } = disk.boot(Math.floor(random() * 120));
      const live = async (): Promise<'Lived'> => {
        const { log, restored } = await open(mounted);
        assertHolds(restored, [before, after], `run ${run}, life ${life}`);
        before = after = restored;
        for (let count = 0; count < 30; count++) {
          const step = randomStep(before, random);
          after = afterStep(before, step);
          await carryOut(log, step);
          before = after;
        }
        return 'Lived';
      };
      await Promise.race([live(), died]);
      disk.losePower(SURVIVALS[Math.floor(random() * SURVIVALS.length)]!);
    }
    assertHolds(await reopened(disk), [before, after], `run ${run}`);
  }
});

test('any byte turned over below the last batch is damage, in the last batch it is a torn write', async () => {
  const { disk, history } = await written(3, 30);
  const files = disk.files();
  const lastOffset = await lastBatchOffset(3, 29);
  assert.ok(files.length >= 3, `the log has several segments: ${files}`);
  let damaged = 0;
  for (const [at, file] of files.entries()) {
    const content = disk.content(file);
    const isReserve = at === files.length - 1;
    const isNewest = at === files.length - 2;
    for (let position = 0; position < content.length; position++) {
      const flipped = Buffer.from(content);
      flipped[position]! ^= 1 << (position % 8);
      disk.setContent(file, flipped);
      const where = `${file} at ${position}`;
      if (isReserve || (isNewest && position >= lastOffset)) {
        const found = await reopened(disk);
        assertHolds(found, history.slice(-2), where);
      } else {
        await assert.rejects(reopened(disk), DataDamaged, where);
        damaged++;
      }
      disk.setContent(file, content);
    }
  }
  assert.ok(damaged > 1000);
});

/** Where in its segment the batch after `steps` steps began. */
async function lastBatchOffset(seed: number, steps: number): Promise<number> {
  const { disk } = await written(seed, steps);
  const file = disk.files().at(-2)!;
  const content = disk.content(file);
  let end = content.length;
  while (content[end - 1] === 0) end--;
  return end;
}

test('a segment that was made shorter is damage, and so is one that is missing', async () => {
  const { disk } = await written(3, 30);
  const files = disk.files().slice(0, -1);
  for (const [at, file] of files.entries()) {
    const content = disk.content(file);
    for (let length = 0; length < content.length; length += 13) {
      disk.setContent(file, content.subarray(0, length));
      await assert.rejects(reopened(disk), DataDamaged, `${file} of ${length} bytes`);
    }
    disk.setContent(file, content);
    if (at > 0 && at < files.length - 1) {
      const other = await written(3, 30);
      other.disk.forget(file);
      await assert.rejects(reopened(other.disk), /this segment is missing/);
    }
  }
});

test('a log that belongs to another member is refused', async () => {
  const { disk } = await written(3, 5);
  await assert.rejects(open(disk.boot().disk, 'f'.repeat(32)), /belongs to incarnation/);
});

test('a batch larger than a segment has one of its own', async () => {
  const disk = new FaultyDisk(Math.random);
  const { log } = await open(disk.boot().disk);
  const entries = [1, 2, 3].map((index) => ({
    index,
    term: 1,
    kind: 0 as const,
    data: Buffer.alloc(5 * MAX_SEGMENT_BYTES, index),
  }));
  for (const entry of entries) await log.append({ hardState: null, configuration: null, entries: [entry] });
  await log.close();
  assert.deepEqual((await reopened(disk)).entries, entries);
});

test('a failed sync is final: nothing is written after it', async () => {
  const disk = new FaultyDisk(Math.random);
  const { log } = await open(disk.boot().disk);
  const batch = { hardState: { term: 1, vote: 1, commit: 0 }, configuration: null, entries: [] };
  await log.append(batch);
  disk.syncError = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  await assert.rejects(log.append(batch), LogFailed);
  disk.syncError = null;
  const operations = disk.operations;
  await assert.rejects(log.append(batch), LogFailed);
  await assert.rejects(log.cut({ index: 0, term: 0 }), LogFailed);
  assert.equal(disk.operations, operations);
});

test('on a full disk the log goes on in its reserve, where a cut has room too, and then fails for good', async () => {
  const { disk, history } = await written(3, 1);
  const { log } = await open(disk.boot().disk);
  let index = lastIndexOf(history.at(-1)!);
  const append = (): Promise<void> => {
    const entries = [{ index: ++index, term: 9, kind: 0 as const, data: Buffer.alloc(100) }];
    return log.append({ hardState: null, configuration: null, entries });
  };
  disk.freeBytes = 0;
  while (!disk.content(segmentPath(FOLDER, 2)).includes('QBAT')) await append();
  await log.cut({ index, term: 9 });
  await assert.rejects(async () => {
    for (let count = 0; count < 10; count++) await append();
  }, LogFailed);
  disk.freeBytes = 1 << 20;
  await assert.rejects(append(), LogFailed);
  await log.close();
  assert.ok(!disk.files().includes(segmentPath(FOLDER, 1)));
});

test('a reserve that cannot be made ready never leaves a hole before one that a crash left behind', async () => {
  const { disk } = await written(3, 1);
  const options = {
    disk: disk.boot().disk,
    folder: FOLDER,
    incarnation: INCARNATION,
    maxSegmentBytes: MAX_SEGMENT_BYTES,
  };
  await (await prepareSegment(options, 3)).file.close();
  const { log } = await open(disk.boot().disk);
  disk.syncError = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  await log.close();
  disk.syncError = null;
  await reopened(disk);
});

test('sizeBytes shrinks with a cut', async () => {
  const disk = new FaultyDisk(Math.random);
  const { log } = await openLog({
    disk: disk.boot().disk,
    folder: FOLDER,
    incarnation: INCARNATION,
    maxSegmentBytes: 1 << 20,
  });
  for (let index = 1; index <= 20; index++) {
    await log.append({
      hardState: null,
      configuration: null,
      entries: [{ index, term: 1, kind: 0, data: Buffer.alloc(60_000) }],
    });
  }
  const whole = log.sizeBytes;
  assert.ok(whole > 20 * 60_000);
  await log.cut({ index: 15, term: 1 });
  assert.ok(log.sizeBytes > 5 * 60_000 && log.sizeBytes < 8 * 60_000, String(log.sizeBytes));
  await log.cut({ index: 20, term: 1 });
  assert.equal(log.sizeBytes, 0);
  await log.close();
});

test('segments below a cut are deleted', async () => {
  const { disk, history } = await written(5, 40);
  const { log } = await open(disk.boot().disk);
  const last = lastIndexOf(history.at(-1)!);
  await log.append({
    hardState: null,
    configuration: null,
    entries: [{ index: last + 1, term: 9, kind: 0, data: Buffer.alloc(600) }],
  });
  await log.cut({ index: last + 1, term: 9 });
  await log.close();
  assert.ok(disk.files().length <= 3, String(disk.files()));
  assert.ok(!disk.files().includes(segmentPath(FOLDER, 1)));
});
