import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../../node/storage/disk.ts';
import { SimulatedDisk } from './disk.ts';
import { Life } from './life.ts';
import { Random } from './random.ts';
import { Scheduler, synchronously } from './scheduler.ts';

type World = {
  readonly scheduler: Scheduler;
  readonly disk: SimulatedDisk;
  life: Life;
  use(action: (disk: Disk) => Promise<void>): void;
};

/** Runs actions on a simulated disk to their end. */
function world(seed: string, capacityBytes = 1 << 20): World {
  const scheduler = new Scheduler();
  const disk = new SimulatedDisk(scheduler, new Random(seed), {
    latencyMs: 0.1,
    syncLatencyMs: 1,
    slowChance: 0.1,
    capacityBytes,
  });
  const result: World = {
    scheduler,
    disk,
    life: new Life(scheduler),
    use: (action) => {
      let outcome: unknown = 'unfinished';
      action(disk.mount(result.life)).then(
        () => (outcome = null),
        (error: unknown) => (outcome = error),
      );
      while (scheduler.step());
      if (outcome !== null) throw outcome instanceof Error ? outcome : new Error('it did not finish');
    },
  };
  return result;
}

function crash(world: World): void {
  world.life.kill();
  world.disk.losePower();
  world.life = new Life(world.scheduler);
}

test('what was synced survives every crash; of the rest, any part', () =>
  synchronously(() => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const at = world(`${seed}`);
      at.use(async (disk) => {
        await disk.makeFolder('/log');
        const file = await disk.open('/log/a', 'create');
        await file.write([Buffer.alloc(2000, 'x')], 0);
        await file.sync();
        await disk.syncFolder('/log');
        await disk.syncFolder('/');
        await file.write([Buffer.alloc(1500, 'y')], 2000);
        await disk.open('/log/b', 'create');
      });
      crash(at);
      at.use(async (disk) => {
        const file = await disk.open('/log/a', 'read');
        const content = (await file.read(0, 10_000)).toString('latin1');
        assert.equal(content.slice(0, 2000), 'x'.repeat(2000));
        assert.match(content.slice(2000), /^[y\0]*$/);
        outcomes.add(`${content.length === 2000 ? 'short' : content.includes('\0') ? 'torn' : 'whole'}`);
        outcomes.add((await disk.list('/log')).join());
      });
    }
    assert.deepEqual([...outcomes].sort(), ['a', 'a,b', 'short', 'torn', 'whole']);
  }));

test('a renaming is there wholly or not at all', () =>
  synchronously(() => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 100; seed++) {
      const at = world(`${seed}`);
      at.use(async (disk) => {
        for (const [name, text] of [
          ['old', 'old'],
          ['new', 'new'],
        ] as const) {
          const file = await disk.open(`/${name}`, 'create');
          await file.write([Buffer.from(text)], 0);
          await file.sync();
        }
        await disk.syncFolder('/');
        await disk.rename('/new', '/old');
      });
      crash(at);
      at.use(async (disk) => {
        const names = (await disk.list('/')).join();
        outcomes.add(`${names}:${await (await disk.open('/old', 'read')).read(0, 9)}`);
      });
    }
    assert.deepEqual([...outcomes].sort(), ['new,old:old', 'old:new']);
  }));

test('a write in flight when the process dies is kept by the kernel, an unfinished sync promises nothing', () =>
  synchronously(() => {
    const at = world('1');
    at.use(async (disk) => {
      await disk.open('/a', 'create');
      await disk.syncFolder('/');
    });
    void at.disk
      .mount(at.life)
      .open('/a', 'write')
      .then(async (file) => {
        await file.write([Buffer.from('kept')], 0);
        await file.sync();
      });
    for (let steps = 0; steps < 2; steps++) at.scheduler.step();
    at.life.kill();
    at.disk.loseProcess();
    at.life = new Life(at.scheduler);
    at.use(async (disk) => assert.equal(`${await (await disk.open('/a', 'read')).read(0, 9)}`, 'kept'));
  }));

test('a full disk refuses to grow, a failed sync says EIO, and both pass', () =>
  synchronously(() => {
    const at = world('1', 10_000);
    at.use(async (disk) => {
      const file = await disk.open('/a', 'create');
      await assert.rejects(file.write([Buffer.alloc(20_000)], 0), { code: 'ENOSPC' });
      at.disk.fillUntil(10);
      await assert.rejects(file.write([Buffer.alloc(100)], 0), { code: 'ENOSPC' });
      at.disk.release();
      await file.write([Buffer.alloc(100)], 0);
      at.disk.failSync(2);
      await file.sync();
      await assert.rejects(file.sync(), { code: 'EIO' });
      await file.sync();
    });
  }));
