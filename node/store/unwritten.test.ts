import assert from 'node:assert/strict';
import test from 'node:test';
import { Exclusive } from './exclusive.ts';
import { type Applied, appliedRowKey, decodeApplied } from './meta.ts';
import { currentKey } from './row-keys.ts';
import type { Version } from './row-values.ts';
import { MemoryEngine } from './testing/memory-engine.ts';
import { Unwritten } from './unwritten.ts';

const NONE = { keys: 0, sizeBytes: 0 };

function appliedAt(index: number): Applied {
  const counters = { revision: index, compactedRevision: 0, timeMs: 0, keyCount: 0, leaseCount: 0, generation: 0 };
  return { index, term: 1, ...counters, answers: [NONE, NONE] };
}

function versionOf(key: string, revision: number, bytes = 1): Version {
  const value = Buffer.alloc(bytes, revision);
  const numbers = { createRevision: revision, modRevision: revision, sub: 0, version: 1, lease: 0n };
  return { key: Buffer.from(key), value, valueBytes: bytes, ...numbers };
}

/** Writes of its engine begin, and do not end before `goOn`. */
class Stalled {
  readonly engine = new MemoryEngine();
  readonly unwritten = new Unwritten(this.engine, new Exclusive());
  writes = 0;
  #waiting = Promise.withResolvers<void>();

  constructor() {
    this.engine.beforeWrite = () => {
      this.writes += 1;
      return this.#waiting.promise;
    };
  }

  add(index: number, ...changed: readonly (readonly [string, Version | null])[]): void {
    this.unwritten.add({ operations: [], versions: changed, answers: [], applied: appliedAt(index) });
  }

  goOn(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }

  fail(error: Error): void {
    this.#waiting.reject(error);
  }

  async appliedIndex(): Promise<number | null> {
    const row = await this.engine.get(appliedRowKey);
    return row === null ? null : decodeApplied(row).index;
  }
}

test('what is on its way to the engine is found until it is there, and what has come since before it', async () => {
  const stalled = new Stalled();
  const { unwritten } = stalled;
  stalled.add(1, ['a', versionOf('a', 1)], ['b', versionOf('b', 1)], ['c', versionOf('c', 1)]);
  const first = unwritten.write();
  await new Promise(setImmediate);
  stalled.add(2, ['b', versionOf('b', 2)], ['c', null]);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => unwritten.find(key)?.modRevision ?? unwritten.find(key)),
    [1, 2, null, undefined],
  );
  stalled.goOn();
  await first;
  assert.equal(await stalled.appliedIndex(), 1);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => unwritten.find(key)?.modRevision ?? unwritten.find(key)),
    [undefined, 2, null],
  );
  const second = unwritten.write();
  await new Promise(setImmediate);
  stalled.goOn();
  await second;
  assert.ok(unwritten.isEmpty && unwritten.write() === null);
  assert.equal(await stalled.appliedIndex(), 2);
  assert.equal(await stalled.engine.get(currentKey(Buffer.from('c'))), null);
});

test('all that ask while a write is under way are served by the next one', async () => {
  const stalled = new Stalled();
  stalled.add(1);
  const asked = [stalled.unwritten.write()];
  await new Promise(setImmediate);
  for (let index = 2; index < 10; index += 1) {
    stalled.add(index);
    asked.push(stalled.unwritten.write());
  }
  stalled.goOn();
  await asked[0];
  await new Promise(setImmediate);
  stalled.goOn();
  for (const write of asked) await write;
  assert.equal(stalled.writes, 2);
  assert.equal(await stalled.appliedIndex(), 9);
});

test('an engine that stalls stops what is applied before memory grows', async () => {
  const stalled = new Stalled();
  let index = 0;
  const pour = async (): Promise<void> => {
    while (index < 1000) {
      await stalled.unwritten.makeRoom();
      stalled.add(++index, [`k${index}`, versionOf('k', index, 100_000)]);
    }
  };
  const poured = pour();
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.ok(index > 10 && index < 30, `${index} values of 100 KB were taken`);
  stalled.engine.beforeWrite = async () => {};
  stalled.goOn();
  await poured;
  await stalled.unwritten.write();
  assert.equal(await stalled.appliedIndex(), 1000);
});

test('after a write that failed nothing is written any more, and everyone is told', async () => {
  const stalled = new Stalled();
  const { unwritten } = stalled;
  stalled.add(1, ['a', versionOf('a', 1, 1 << 20)]);
  const first = unwritten.write();
  await new Promise(setImmediate);
  stalled.add(2, ['b', versionOf('b', 2, 1 << 20)]);
  const next = unwritten.write();
  stalled.fail(new Error('no space'));
  await assert.rejects(first!, /no space/);
  await assert.rejects(next!, /no space/);
  await assert.rejects(unwritten.write()!, /no space/);
  await assert.rejects(unwritten.makeRoom(), /no space/);
  await assert.rejects(unwritten.reader.get(Buffer.from('a')), /no space/);
  assert.equal(stalled.writes, 1);
  assert.equal(unwritten.find('a')?.modRevision, 1);
});
