import assert from 'node:assert/strict';
import { constants } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemDisk } from './system-disk.ts';
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

test('synced writes are the kernel’s to sync, where it can', { skip: process.platform !== 'linux' }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-disk-'));
  try {
    const path = join(folder, 'log');
    for (const [mode, writes, expected] of [
      ['create', 'Synced', constants.O_DSYNC],
      ['write', 'Synced', constants.O_DSYNC],
      ['write', undefined, 0],
    ] as const) {
      const file = await systemDisk.open(path, mode, writes);
      await file.write([Buffer.from('written')], 0);
      await file.sync();
      assert.equal((await openFlags(path)) & constants.O_DSYNC, expected, `${mode} ${writes}`);
      await file.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Those that this process has the file open with. */
async function openFlags(path: string): Promise<number> {
  for (const fd of await readdir('/proc/self/fd')) {
    if ((await readlink(`/proc/self/fd/${fd}`).catch(() => null)) !== path) continue;
    const flags = /^flags:\s+(\d+)$/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'latin1'));
    return Number.parseInt(flags![1]!, 8);
  }
  throw new Error(`${path} is not open`);
}
