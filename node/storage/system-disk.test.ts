import assert from 'node:assert/strict';
import { fdatasyncSync, writevSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Disk } from './disk.ts';
import { createSystemDisk, systemDisk } from './system-disk.ts';
import { diskConformance } from './testing/disk-conformance.ts';
import { FaultyDisk } from './testing/faulty-disk.ts';

diskConformance('The file system', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-disk-'));
  return { disk: systemDisk, folder, dispose: () => rm(folder, { recursive: true }) };
});

diskConformance('The disk of the crash tests', async () => {
  const { disk } = new FaultyDisk(Math.random).boot();
  return { disk, folder: '/data', dispose: async () => {} };
});

/** A disk whose writes and syncs on the main thread take as long as the test says, and how many of them there were. */
class TimedDisk {
  writeMs = 0;
  syncMs = 0;
  held = { writes: 0, syncs: 0 };
  readonly disk: Disk = createSystemDisk({
    write: (fd, chunks, position) => {
      this.held.writes += 1;
      this.#nowMs += this.writeMs;
      return writevSync(fd, chunks as Uint8Array[], position);
    },
    sync: (fd) => {
      this.held.syncs += 1;
      this.#nowMs += this.syncMs;
      fdatasyncSync(fd);
    },
    nowMs: () => this.#nowMs,
  });
  #nowMs = 0;
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-disk-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const [stalled, times] of Object.entries({
  write: { writeMs: 5000, syncMs: 0.1 },
  sync: { writeMs: 0.1, syncMs: 5000 },
  'write and sync together': { writeMs: 1.5, syncMs: 1.5 },
})) {
  test(`a ${stalled} that held up the main thread is the last one there for long, and all is written`, () =>
    withFolder(async (folder) => {
      const timed = new TimedDisk();
      const file = await timed.disk.open(join(folder, 'a'), 'create');
      const append = async (at: number): Promise<void> => {
        await file.write([Buffer.from([at])], at);
        await file.sync();
      };
      await append(0);
      await append(1);
      assert.deepEqual(timed.held, { writes: 2, syncs: 2 });
      Object.assign(timed, times);
      await append(2);
      for (let at = 3; at < 100; at += 1) await append(at);
      assert.deepEqual(timed.held, { writes: 3, syncs: 3 });
      assert.deepEqual(await file.read(0, 1000), Buffer.from(Array.from({ length: 100 }, (_, at) => at)));
      await file.close();
    }));
}

test('a stall in the first part of what grows too large for the main thread counts too', () =>
  withFolder(async (folder) => {
    const timed = new TimedDisk();
    const file = await timed.disk.open(join(folder, 'a'), 'create');
    timed.writeMs = 5000;
    await file.write([Buffer.alloc(1)], 0);
    await file.write([Buffer.alloc(200_000)], 1);
    await file.sync();
    await file.write([Buffer.alloc(1)], 0);
    await file.sync();
    assert.deepEqual(timed.held, { writes: 1, syncs: 0 });
    await file.close();
  }));
