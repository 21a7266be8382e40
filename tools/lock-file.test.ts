import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { choosyPackages, type LockFile, mended, missingPackages } from './lock-file.ts';

const hint = 'run: node tools/run.cjs tools/mend-lock.ts';
const text = readFileSync(path.join(import.meta.dirname, '../package-lock.json'), 'utf8');

test('the lock file holds the builds for every platform, so that npm ci runs with every registry', () => {
  const missing = missingPackages(JSON.parse(text) as LockFile).map(({ name }) => name);
  assert.deepEqual(missing, [], hint);
});

test('no optional package asks for a Node, so that an older one installs the tools that the pinned one runs', () => {
  assert.deepEqual(choosyPackages(JSON.parse(text) as LockFile), [], hint);
});

test('the lock file names no registry', () => {
  assert.doesNotMatch(text, /"resolved": "http/);
});

test('a package that the registry did not have is added with its platform', () => {
  const lock = {
    packages: { 'node_modules/a': { dev: true, optionalDependencies: { '@a/linux-arm64-musl': '1.2.3' } } },
  };
  assert.deepEqual(mended(lock).packages['node_modules/@a/linux-arm64-musl'], {
    version: '1.2.3',
    cpu: ['arm64'],
    os: ['linux'],
    libc: ['musl'],
    dev: true,
    optional: true,
  });
});

test('an optional package no longer asks for a Node, others still do', () => {
  const lock = {
    packages: { a: { version: '1.0.0', optional: true, engines: { node: '>=22' } }, b: { engines: { node: '>=22' } } },
  };
  assert.deepEqual(mended(lock).packages, {
    a: { version: '1.0.0', optional: true },
    b: { engines: { node: '>=22' } },
  });
});
