import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataDamaged, NewerFormat } from './errors.ts';
import { decodeRecord, encodeRecord, readWholeFile, writeRecordFile } from './record-file.ts';
import { FaultyDisk, type Survival, seededRandom } from './testing/faulty-disk.ts';

const RECORD = { name: 'ä', numbers: [1, 2], nothing: null };

test('a record is read as it was written', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value));
      assert.deepEqual(decodeRecord('r', encodeRecord(json, 3), 3), json);
    }),
  );
});

test('a record with any byte changed, or cut short anywhere, is damaged', () => {
  const bytes = encodeRecord(RECORD, 1);
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 32, 128]) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= bit;
      assert.throws(() => decodeRecord('r', flipped, 1), DataDamaged, `byte ${at}`);
    }
    assert.throws(() => decodeRecord('r', bytes.subarray(0, at), 1), DataDamaged, `${at} bytes`);
  }
  assert.throws(() => decodeRecord('r', Buffer.concat([bytes, Buffer.from(' ')]), 1), DataDamaged);
});

test('a record of a later format is told from a damaged one', () => {
  assert.throws(() => decodeRecord('r', encodeRecord(RECORD, 2), 1), NewerFormat);
});

test('after a loss of power at any operation a record file is the old or the new one', async () => {
  const survivals: readonly Survival[] = ['None', 'All', 'Prefix', 'Some'];
  for (let run = 0; run < 200; run++) {
    const disk = new FaultyDisk(seededRandom(run));
    await writeRecordFile(disk.boot().disk, '/data', 'r', encodeRecord('old', 1));
    const { disk: mounted, died } = disk.boot(run % 9);
    const write = writeRecordFile(mounted, '/data', 'r', encodeRecord('new', 1)).then(() => 'Written' as const);
    const outcome = await Promise.race([write, died]);
    disk.losePower(survivals[run % 4]!);
    const after = disk.boot().disk;
    const found = decodeRecord('r', (await readWholeFile(after, '/data/r'))!, 1);
    assert.ok(found === 'new' || (found === 'old' && outcome === 'Died'), `run ${run}: ${outcome}, ${found}`);
    await writeRecordFile(after, '/data', 'r', encodeRecord('newest', 1));
    assert.deepEqual(disk.files(), ['/data/r']);
  }
});
