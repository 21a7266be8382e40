import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';

test('the scripts of the page agree with the types of the API', () => {
  const root = path.join(import.meta.dirname, '../..');
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'node/api/ui'], { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
