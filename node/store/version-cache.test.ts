import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Version } from './row-values.ts';
import { VersionCache } from './version-cache.ts';

const version = (key: string, value: string): Version => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  valueBytes: value.length,
  createRevision: 2,
  modRevision: 3,
  sub: 0,
  version: 1,
  lease: 0n,
});

test('what was set is found, an absent key as null, another as undefined', () => {
  const cache = new VersionCache(1 << 20);
  cache.set('a', version('a', 'x'));
  cache.set('b', null);
  assert.equal(cache.get('a')?.value?.toString(), 'x');
  assert.equal(cache.get('b'), null);
  assert.equal(cache.get('c'), undefined);
});

test('bytes are its own: the buffer that a version came in is free to go, and to change', () => {
  const cache = new VersionCache(1 << 20);
  const arrived = version('a', 'x');
  cache.set('a', arrived);
  arrived.value!.fill('y');
  assert.equal(cache.get('a')?.value?.toString(), 'x');
  assert.notEqual(cache.get('a')!.value!.buffer, arrived.value!.buffer);
});

test('entries share memory, and one that stays long moves on: it keeps nothing of what is forgotten', () => {
  const cache = new VersionCache(100_000);
  cache.set('hot', version('hot', 'x'));
  cache.set('other', version('other', 'y'));
  const first = cache.get('hot')!.value!.buffer;
  assert.equal(cache.get('other')!.value!.buffer, first);
  for (let i = 0; i < 10_000; i++) {
    cache.set(`k${i}`, version(`k${i}`, 'x'.repeat(100)));
    cache.get('hot');
  }
  assert.notEqual(cache.get('hot')!.value!.buffer, first);
  assert.equal(cache.get('hot')!.value!.toString(), 'x');
});

test('a large value is left to the engine, what is known about it is kept', () => {
  const cache = new VersionCache(1 << 20);
  cache.set('a', version('a', 'x'.repeat(10_000)));
  assert.equal(cache.get('a')?.value, null);
  assert.equal(cache.get('a')?.valueBytes, 10_000);
});

test('memory is bounded: what is not asked for is forgotten, what is stays', () => {
  const cache = new VersionCache(100_000);
  cache.set('hot', version('hot', 'x'));
  for (let i = 0; i < 10_000; i++) {
    cache.set(`k${i}`, version(`k${i}`, 'x'));
    assert.notEqual(cache.get('hot'), undefined);
  }
  assert.equal(cache.get('k0'), undefined);
  assert.notEqual(cache.get('k9999'), undefined);
});
