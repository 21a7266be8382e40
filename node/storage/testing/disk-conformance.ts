/** What every `Disk` must do without faults. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Disk } from '../disk.ts';

export type DiskPlace = {
  readonly disk: Disk /** Exists, and is empty. */;
  readonly folder: string;
  dispose(): Promise<void>;
};

export function diskConformance(name: string, create: () => Promise<DiskPlace>): void {
  const within = async (run: (disk: Disk, folder: string) => Promise<void>): Promise<void> => {
    const { disk, folder, dispose } = await create();
    try {
      await run(disk, folder);
    } finally {
      await dispose();
    }
  };
  const failsWith = (code: string) => (error: NodeJS.ErrnoException) => error.code === code;

  describe(`${name} as a disk`, () => {
    test('chunks are written at their position, one after the other, and read back', () =>
      within(async (disk, folder) => {
        const file = await disk.open(join(folder, 'a'), 'create');
        const many = Array.from({ length: 2000 }, (_, at) => Buffer.alloc(at % 7, at));
        await file.write([Buffer.from('abc'), Buffer.alloc(0), Buffer.from('def')], 2);
        await file.write(many, 8);
        await file.sync();
        assert.deepEqual(await file.read(0, 8), Buffer.from('\0\0abcdef'));
        assert.deepEqual(await file.read(8, 100_000), Buffer.concat(many));
        assert.equal(await file.size(), 8 + Buffer.concat(many).length);
        assert.deepEqual(await file.read(await file.size(), 10), Buffer.alloc(0));
        await file.truncate(4);
        assert.deepEqual(await file.read(0, 100), Buffer.from('\0\0ab'));
        await file.close();
      }));

    test('the chunks are the caller’s again once a write has resolved', () =>
      within(async (disk, folder) => {
        const file = await disk.open(join(folder, 'a'), 'create');
        const chunk = Buffer.from('abc');
        await file.write([chunk], 0);
        chunk.fill(0);
        assert.deepEqual(await file.read(0, 3), Buffer.from('abc'));
        await file.close();
      }));

    test('create refuses what is there, open what is not', () =>
      within(async (disk, folder) => {
        const path = join(folder, 'a');
        await assert.rejects(disk.open(path, 'read'), failsWith('ENOENT'));
        await assert.rejects(disk.open(path, 'write'), failsWith('ENOENT'));
        await (await disk.open(path, 'create')).close();
        await assert.rejects(disk.open(path, 'create'), failsWith('EEXIST'));
        await (await disk.open(path, 'write')).close();
        await assert.rejects(disk.remove(join(folder, 'b')), failsWith('ENOENT'));
        await assert.rejects(disk.rename(join(folder, 'b'), path), failsWith('ENOENT'));
      }));

    test('names are listed in order, replaced by a rename, and gone with their folder', () =>
      within(async (disk, folder) => {
        for (const name of ['b', 'a', 'c']) {
          const file = await disk.open(join(folder, name), 'create');
          await file.write([Buffer.from(name)], 0);
          await file.close();
        }
        await disk.rename(join(folder, 'c'), join(folder, 'a'));
        await disk.makeFolder(join(folder, 'x', 'y'));
        await disk.makeFolder(join(folder, 'x', 'y'));
        await disk.syncFolder(folder);
        assert.deepEqual(await disk.list(folder), ['a', 'b', 'x']);
        const renamed = await disk.open(join(folder, 'a'), 'read');
        assert.deepEqual(await renamed.read(0, 9), Buffer.from('c'));
        await renamed.close();
        await disk.remove(join(folder, 'b'));
        await disk.removeFolder(join(folder, 'x'));
        await disk.removeFolder(join(folder, 'x'));
        assert.deepEqual(await disk.list(folder), ['a']);
        await assert.rejects(disk.list(join(folder, 'x')), failsWith('ENOENT'));
        assert.ok((await disk.freeBytes(folder)) > 0);
      }));
  });
}
