import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataFolderInUse } from './errors.ts';
import { lockDataFolder } from './folder-lock.ts';

const MODULE = new URL('./folder-lock.ts', import.meta.url).href;

async function holder(folder: string): Promise<ChildProcess> {
  const program = `const { lockDataFolder } = await import(${JSON.stringify(MODULE)});
    globalThis.lock = await lockDataFolder(${JSON.stringify(folder)});
    console.log('locked');
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout, 'data');
  assert.equal(String(said).trim(), 'locked');
  return child;
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-lock-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a folder that another process holds is refused, and free once that one was killed', async () => {
  await withFolder(async (folder) => {
    const child = await holder(folder);
    await assert.rejects(lockDataFolder(folder), DataFolderInUse);
    await assert.rejects(lockDataFolder(folder), /in use by another process/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await lockDataFolder(folder)).release();
  });
});

test('a lock excludes its own process too, until it is released', async () => {
  await withFolder(async (folder) => {
    const lock = await lockDataFolder(folder);
    await assert.rejects(lockDataFolder(folder), DataFolderInUse);
    await lock.release();
    await (await lockDataFolder(folder)).release();
  });
});

test('a folder that cannot be made is an error, and one far down is made', async () => {
  await assert.rejects(lockDataFolder('/proc/quorate/data'), { code: 'ENOENT' });
  await withFolder(async (folder) => {
    await assert.rejects(lockDataFolder('/dev/null/data'), { code: 'ENOTDIR' });
    await (await lockDataFolder(join(folder, 'one/two/three'))).release();
  });
});
