import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Engine } from '../store/engine.ts';
import { DataDamaged } from './errors.ts';
import { openRocksDbEngine } from './rocksdb-engine.ts';
import { type EngineHarness, engineConformance } from './testing/engine-conformance.ts';
import { type EngineProcess, startEngineProcess } from './testing/engine-process.ts';

engineConformance({ name: 'RocksDB', create: inThisProcess, createToCrash: inAnother, runs: 20, crashRuns: 4 });

async function inThisProcess(): Promise<EngineHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-rocksdb-'));
  return {
    open: () => openRocksDbEngine(folder),
    crash: () => assert.fail('this process is needed'),
    dispose: () => rm(folder, { recursive: true }),
  };
}

/** kill -9, and at times the newest of RocksDB's own logs cut short or with a bit turned over. */
async function inAnother(): Promise<EngineHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-rocksdb-'));
  let running: EngineProcess | null = null;
  const kill = async (): Promise<void> => {
    if (running === null || running.child.exitCode !== null || running.child.signalCode !== null) return;
    running.child.kill('SIGKILL');
    await once(running.child, 'exit');
  };
  return {
    open: async () => {
      running = await startEngineProcess(folder);
      return running.engine;
    },
    crash: async (random) => {
      await kill();
      return random() < 0.3 ? 'Crashed' : spoilNewestLog(folder, random);
    },
    dispose: async () => {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

function spoilNewestLog(folder: string, random: () => number): 'Crashed' | 'Damaged' {
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .at(-1);
  if (newest === undefined) return 'Crashed';
  const path = join(folder, newest);
  const content = readFileSync(path);
  const position = Math.floor(random() * content.length);
  if (content.length === 0) return 'Crashed';
  if (random() < 0.5) truncateSync(path, position);
  else {
    content[position]! ^= 1 << Math.floor(random() * 8);
    writeFileSync(path, content);
  }
  return 'Damaged';
}

async function withEngine(run: (engine: Engine, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-rocksdb-'));
  try {
    await run(await openRocksDbEngine(folder), folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('files that are damaged, shortened or missing are told as damage', async () => {
  const find = (folder: string, pattern: RegExp): string =>
    join(folder, readdirSync(folder).find((name) => pattern.test(name))!);
  const damages: readonly ((folder: string) => void)[] = [
    (folder) => writeFileSync(find(folder, /sst$/), readFileSync(find(folder, /sst$/)).fill(0x55, 0, 20_000)),
    (folder) => truncateSync(find(folder, /sst$/), 100),
    (folder) => unlinkSync(find(folder, /sst$/)),
    (folder) => truncateSync(find(folder, /^MANIFEST/), 30),
    (folder) => unlinkSync(find(folder, /^MANIFEST/)),
    (folder) => writeFileSync(find(folder, /^CURRENT/), 'nonsense'),
  ];
  for (const damage of damages) {
    await withEngine(async (engine, folder) => {
      const put = (at: number) => ({ kind: 'Put' as const, key: Buffer.from(`k${at}`), value: Buffer.alloc(500, at) });
      await engine.write(Array.from({ length: 100 }, (_, at) => put(at)));
      await engine.flush();
      await engine.close();
      damage(folder);
      await assert.rejects(async () => {
        const again = await openRocksDbEngine(folder);
        try {
          await again.scan({ from: Buffer.from('k'), to: Buffer.from('l') }, { limit: 1000 });
        } finally {
          await again.close();
        }
      }, DataDamaged);
    });
  }
});

test('the engine of another process is not opened, and that is not taken for damage', async () => {
  await withEngine(async (engine, folder) => {
    await assert.rejects(
      startEngineProcess(folder),
      (error: Error) => /lock/i.test(error.message) && !/damaged/.test(error.message),
    );
    await engine.close();
  });
});

test('reads of a closed engine fail instead of hanging', async () => {
  await withEngine(async (engine) => {
    await engine.close();
    await assert.rejects(engine.get(Buffer.from('a')), /closed/);
  });
});
