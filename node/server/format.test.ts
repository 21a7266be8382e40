import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SNAPSHOT_FORMAT } from '../storage/snapshot-format.ts';
import { FORMAT } from './format.ts';

test('a build that speaks a format also reads snapshots of it', () => {
  assert.equal(SNAPSHOT_FORMAT, FORMAT);
});
