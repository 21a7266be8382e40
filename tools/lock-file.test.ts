import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { completed, type LockFile, missingPackages } from './lock-file.ts';

const text = readFileSync(path.join(import.meta.dirname, '../package-lock.json'), 'utf8');

test('the lock file holds the builds for every platform, so that npm ci runs with every registry', () => {
  const missing = missingPackages(JSON.parse(text) as LockFile).map(({ name }) => name);
  assert.deepEqual(missing, [], 'run: node tools/run.cjs tools/complete-lock.ts');
});

test('the lock file names no registry', () => {
  assert.doesNotMatch(text, /"resolved": "http/);
});

test('a package that the registry did not have is added with its platform', () => {
  const lock = {
    packages: { 'node_modules/a': { dev: true, optionalDependencies: { '@a/linux-arm64-musl': '1.2.3' } } },
  };
  assert.deepEqual(completed(lock).packages['node_modules/@a/linux-arm64-musl'], {
    version: '1.2.3',
    cpu: ['arm64'],
    os: ['linux'],
    libc: ['musl'],
    dev: true,
    optional: true,
  });
});
