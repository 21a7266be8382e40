import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Row } from '../store/engine.ts';
import { NewerFormat, SnapshotDamaged } from './errors.ts';
import { readSnapshotFile, verifySnapshotFile } from './snapshot-file.ts';
import { CHAIN_BEGIN, decodeChunk, encodeHeaderChunk, SNAPSHOT_FORMAT } from './snapshot-format.ts';
import { EngineSnapshotSource } from './snapshot-source.ts';
import { SnapshotTrailer } from './snapshot-trailer.ts';
import { FaultyDisk } from './testing/faulty-disk.ts';
import { openRecordEngine } from './testing/record-engine.ts';
import type { SnapshotHeader } from './types.ts';

const HEADER: SnapshotHeader = {
  format: 1,
  clusterId: '00000000000000aa',
  index: 9,
  term: 2,
  membership: { configIndex: 1, lastMemberId: 1, members: [], voters: [1], leaving: null },
  revision: 5,
};

const rows = fc
  .uniqueArray(
    fc.record({ key: fc.uint8Array({ minLength: 1, maxLength: 6 }), value: fc.uint8Array({ maxLength: 30 }) }),
    {
      maxLength: 40,
      selector: ({ key }) => Buffer.from(key).toString('hex'),
    },
  )
  .map((list): Row[] => list.map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) })))
  .map((list) => list.filter(({ key }) => key[0] !== 0xff).sort((a, b) => Buffer.compare(a.key, b.key)));

async function sourceOf(list: readonly Row[], chunkBytes: number): Promise<EngineSnapshotSource> {
  const engine = await openRecordEngine(new FaultyDisk(Math.random).boot().disk, '/data');
  await engine.write(list.map((row) => ({ kind: 'Put', ...row })));
  return new EngineSnapshotSource('id', HEADER, engine.snapshot(), chunkBytes);
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const list: Buffer[] = [];
  for await (const chunk of chunks) list.push(chunk);
  return list;
}

async function fileOf(content: Buffer): Promise<FaultyDisk> {
  const disk = new FaultyDisk(Math.random);
  await (await disk.boot().disk.open('/data/s', 'create')).close();
  disk.setContent('/data/s', content);
  return disk;
}

const TEN: readonly Row[] = Array.from({ length: 10 }, (_, at) => ({
  key: Buffer.from(`k${at}`),
  value: Buffer.alloc(20, at),
}));

test('a snapshot file holds the rows that went in, whatever the size of the chunks', async () => {
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 200 }), async (list, chunkBytes) => {
      const chunks = await gather((await sourceOf(list, chunkBytes)).chunks(0));
      const disk = await fileOf(Buffer.concat(chunks));
      const found: Row[] = [];
      for await (const content of readSnapshotFile(disk.boot().disk, '/data/s')) {
        if (content.kind === 'Rows') found.push(...content.rows);
        else assert.deepEqual(content.header, HEADER);
      }
      assert.deepEqual(found, list);
      const summary = await verifySnapshotFile(disk.boot().disk, '/data/s');
      assert.equal(summary.rowCount, list.length);
      assert.equal(summary.sizeBytes, Buffer.concat(chunks).length);
    }),
    { numRuns: 60 },
  );
});

test('the same chunks come each time and from any on, also when nothing was read before', async () => {
  const whole = await gather((await sourceOf(TEN, 50)).chunks(0));
  assert.equal(whole.length, 5);
  const source = await sourceOf(TEN, 50);
  for (const from of [3, 0, 5, 1, 4, 9]) {
    assert.deepEqual(await gather(source.chunks(from)), whole.slice(from), `from ${from}`);
  }
});

test('any byte of a snapshot changed, or any end cut off, is damage', async () => {
  const whole = Buffer.concat(await gather((await sourceOf(TEN, 50)).chunks(0)));
  for (let at = 0; at < whole.length; at++) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << (at % 8);
    const changed = await fileOf(flipped);
    await assert.rejects(verifySnapshotFile(changed.boot().disk, '/data/s'), SnapshotDamaged, `byte ${at}`);
    const short = await fileOf(whole.subarray(0, at));
    await assert.rejects(verifySnapshotFile(short.boot().disk, '/data/s'), SnapshotDamaged, `${at} bytes`);
  }
  const longer = await fileOf(Buffer.concat([whole, Buffer.alloc(1)]));
  await assert.rejects(verifySnapshotFile(longer.boot().disk, '/data/s'), SnapshotDamaged);
});

test('a chunk in the place of another is damage', async () => {
  const chunks = await gather((await sourceOf(TEN, 50)).chunks(0));
  const disk = await fileOf(Buffer.concat([chunks[0]!, chunks[2]!, chunks[1]!]));
  await assert.rejects(
    verifySnapshotFile(disk.boot().disk, '/data/s'),
    /^SnapshotDamaged: \/data\/s is no whole snapshot: chunk 1 .* does not match its hash/,
  );
});

test('a snapshot of a later format is told from a damaged one', () => {
  assert.throws(
    () => decodeChunk(encodeHeaderChunk({ ...HEADER, format: SNAPSHOT_FORMAT + 1 }), CHAIN_BEGIN),
    NewerFormat,
  );
});

test('a file may end with the trailer of its own content, and with no other', async () => {
  const source = await sourceOf([{ key: Buffer.from('k'), value: Buffer.from('v') }], 100);
  const chunks = await gather(source.chunks(0));
  const trailer = new SnapshotTrailer();
  for (const chunk of chunks) trailer.add(chunk);
  const whole = Buffer.concat([...chunks, trailer.finish()]);
  assert.equal(whole.length % 512, 32);
  const verify = async (bytes: Buffer) => {
    const disk = await fileOf(bytes);
    return verifySnapshotFile(disk.boot().disk, '/data/s');
  };
  assert.equal((await verify(whole)).rowCount, 1);
  const changed = Buffer.from(whole);
  changed[changed.length - 1]! ^= 1;
  for (const bad of [changed, whole.subarray(0, -1), Buffer.concat([whole, Buffer.alloc(1)])]) {
    await assert.rejects(verify(bad), SnapshotDamaged);
  }
});
