import assert from 'node:assert/strict';
import test from 'node:test';
import type { DraftEvent } from './draft.ts';
import { RememberedCounts } from './remembered-counts.ts';
import { deleteEvent, putEvent, type Version } from './row-values.ts';

const ALL = { key: Buffer.from('a'), rangeEnd: Buffer.from('b') };

function versionOf(keyText: string, revision: number): Version {
  const numbers = { createRevision: revision, modRevision: revision, sub: 0, version: 1, lease: 0n };
  return { key: Buffer.from(keyText, 'latin1'), value: Buffer.alloc(0), valueBytes: 0, ...numbers };
}

function put(keyText: string, revision: number): DraftEvent {
  return { event: putEvent(versionOf(keyText, revision), Buffer.alloc(0), null), keyText, previous: null };
}

function del(keyText: string, revision: number): DraftEvent {
  const previous = versionOf(keyText, revision - 1);
  return { event: deleteEvent(previous, revision, 0), keyText, previous };
}

test('a count follows keys that come and go, also those of before it was made', () => {
  const counts = new RememberedCounts(1);
  counts.changed([put('a1', 2), put('a2', 3), put('c', 4), del('a1', 5), put('a1', 6)]);
  counts.setNewest(ALL, 3, 2);
  assert.equal(counts.get(ALL, 6), 2);
  counts.changed([put('a3', 7), del('a2', 8), del('a3', 8)]);
  assert.deepEqual(
    [3, 4, 5, 6, 7, 8].map((revision) => counts.get(ALL, revision)),
    [2, 2, 1, 2, 3, 1],
  );
});

test('of the time before a restart nothing is known', () => {
  const counts = new RememberedCounts(50);
  counts.setNewest(ALL, 50, 7);
  counts.changed([put('a1', 51)]);
  assert.deepEqual(
    [49, 50, 51].map((revision) => counts.get(ALL, revision)),
    [null, 7, 8],
  );
});

test('large keys that come and go are not kept for long', () => {
  const counts = new RememberedCounts(1);
  counts.setNewest(ALL, 1, 0);
  for (let revision = 2; revision <= 40; revision += 1) counts.changed([put(`a${revision}`.padEnd(100_000), revision)]);
  const known = Array.from({ length: 40 }, (_, n) => counts.get(ALL, n + 1));
  assert.equal(known.at(-1), 39);
  const forgotten = known.filter((count) => count === null).length;
  assert.ok(forgotten >= 28, `${forgotten} counts were forgotten`);
  assert.deepEqual(
    known.slice(forgotten),
    known.slice(forgotten).map((_, n) => forgotten + n),
  );
  counts.changed([put('a'.padEnd(3_000_000), 41), del('a40'.padEnd(100_000), 42)]);
  assert.equal(counts.get(ALL, 42), 39);
});

test('ranges with bounds as large as requests are not remembered', () => {
  const counts = new RememberedCounts(1);
  const long = { key: Buffer.alloc(1_000_000, 'a'), rangeEnd: Buffer.from('b') };
  counts.set(long, 7, 1);
  counts.setNewest(long, 7, 1);
  assert.equal(counts.get(long, 7), null);
  assert.equal(counts.get(long, 8), null);
});
