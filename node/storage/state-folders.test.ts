import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Engine } from '../store/engine.ts';
import { StateFolders, stateFoldersAmong } from './state-folders.ts';
import { systemDisk } from './system-disk.ts';

/** Engines that leave a file in their folder, and must be closed before it goes. */
async function start(t: TestContext, present: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'state-folders-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const name of present) await mkdir(join(folder, name));
  const open = new Set<string>();
  const openEngine = async (path: string): Promise<Engine> => {
    open.add(path);
    await writeFile(join(path, 'rows'), '');
    return { close: async () => void open.delete(path) } as unknown as Engine;
  };
  return { folder, open, states: new StateFolders(systemDisk, folder, openEngine, present) };
}

test('a new state is under a name that none had, also when the last was given up', async (t) => {
  const { folder, open, states } = await start(t, ['state-9', 'state-10']);
  const first = await states.stage();
  assert.equal(first.stateFolder, 'state-11');
  assert.deepEqual([...open], [states.pathOf('state-11')]);
  await first.drop();
  assert.deepEqual([(await readdir(folder)).sort(), open.size], [['state-10', 'state-9'], 0]);
  assert.equal((await states.stage()).stateFolder, 'state-12');
  await states.remove(['state-9', 'state-10']);
  assert.deepEqual(await readdir(folder), ['state-12']);
});

test('what else is in a data folder is no state', () => {
  assert.deepEqual(stateFoldersAmong(['identity', 'log', 'state-', 'state-1', 'state-1.old', 'xstate-2', 'state-30']), [
    'state-1',
    'state-30',
  ]);
});
