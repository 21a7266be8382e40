import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, renderTable } from './table.ts';

test('columns are as wide as their widest cell, numbers stand to the right, null is a dash', () => {
  assert.deepEqual(
    renderTable(
      ['NAME', 'N', 'TEXT'],
      [
        ['a-long-name', 1, 'x'],
        ['b', 12345, null],
      ],
    ),
    ['NAME             N  TEXT', 'a-long-name      1  x', 'b            12345  -'],
  );
});

test('a table without rows is its headers', () => {
  assert.deepEqual(renderTable(['A', 'B'], []), ['A  B']);
});

test('sizes have three digits at most before their unit', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 150 * 1024, 5 * 2 ** 30].map(formatBytes), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '150 KiB',
    '5.0 GiB',
  ]);
});
