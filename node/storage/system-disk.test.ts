import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
