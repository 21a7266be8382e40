import assert from 'node:assert/strict';
import test from 'node:test';
import { DiskPace } from './disk-pace.ts';

/** How many of `count` writes to a disk that takes so long were waited for on the main thread. */
function heldUp(pace: DiskPace, count: number, ms: number): number {
  let here = 0;
  for (let n = 0; n < count; n += 1) {
    if (!pace.takesNextHere()) continue;
    here += 1;
    pace.tookHere(ms);
  }
  return here;
}

test('a fast disk is waited for on the main thread', () => {
  assert.equal(heldUp(new DiskPace(), 10_000, 0.1), 10_000);
});

test('a slow disk is waited for ever more seldom', () => {
  const pace = new DiskPace();
  assert.ok(heldUp(pace, 1_000, 10) <= 4);
  assert.ok(heldUp(pace, 100_000, 10) <= 13);
});

test('a disk that was slow once is soon trusted again, one that was slow for long later', () => {
  const once = new DiskPace();
  heldUp(once, 1, 5);
  assert.equal(heldUp(once, 1_000, 0.1), 1_000 - 128);
  const long = new DiskPace();
  heldUp(long, 100_000, 10);
  assert.equal(heldUp(long, 14_000, 0.1), 0);
  assert.ok(heldUp(long, 20_000, 0.1) > 0);
});

test('a stall of seconds is paid back before the next one can be felt', () => {
  const pace = new DiskPace();
  heldUp(pace, 1, 3000);
  assert.equal(heldUp(pace, 60_000, 0.1), 0);
  assert.equal(heldUp(pace, 100, 0.1), 100);
});

test('a disk that stalls now and then holds the main thread up for a small part of the time', () => {
  const pace = new DiskPace();
  let heldUpMs = 0;
  for (let n = 0; n < 100_000; n += 1) {
    if (!pace.takesNextHere()) continue;
    const ms = n % 100 === 0 ? 50 : 0.1;
    heldUpMs += ms;
    pace.tookHere(ms);
  }
  assert.ok(heldUpMs < 0.2 * 100_000, `${heldUpMs} ms in 100,000 writes`);
});
