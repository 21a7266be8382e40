import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

type Outcome = { readonly status: number | null; readonly lines: readonly string[]; readonly last: string };

/** What `npm test -- node` says in a tree that holds these test files. */
function runTestsOf(files: Record<string, string>, env: Record<string, string> = {}): Outcome {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'quorate-tests-'));
  try {
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(folder, file), `import { test, describe } from 'node:test';\n${content}`);
    }
    // Left in, NODE_TEST_CONTEXT would tell the inner run that it is a part of this one.
    const { NODE_TEST_CONTEXT: _, CI: __, ...outer } = process.env;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(import.meta.dirname, 'test.ts'), 'node'],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { ...outer, ...env },
      },
    );
    const lines = `${stdout}${stderr}`.trimEnd().split('\n');
    return { status, lines, last: lines.at(-1)! };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('passed tests are summed up over files in one plain line', () => {
  const { status, last } = runTestsOf({
    'node/a.test.ts': `test('one', () => {}); describe('suite', () => { test('two', () => {}); });`,
    'node/deep/b.test.ts': `test('three', () => {});`,
  });
  assert.equal(last, '3 passed, 0 failed, 0 skipped');
  assert.equal(status, 0);
});

test('a failed test is named with its file and its error, once, and fails the run', () => {
  const { status, lines, last } = runTestsOf({
    'node/a.test.ts': `
      test('fine', () => {});
      test('outer', async (t) => { await t.test('inner', () => { throw new Error('no'); }); });`,
  });
  const failed = lines.indexOf('FAILED node/a.test.ts: inner');
  assert.equal(lines[failed + 1], '  Error: no');
  assert.ok(failed > lines.findIndex((line) => line.includes('failing tests')));
  assert.equal(lines.lastIndexOf('FAILED node/a.test.ts: inner'), failed);
  assert.equal(last, '1 passed, 1 failed, 0 skipped');
  assert.equal(status, 1);
});

test('a file that cannot be loaded, ends its process or holds no test fails the run', () => {
  const { status, lines, last } = runTestsOf({
    'node/a.test.ts': `test('fine', () => {});`,
    'node/ends.test.ts': `test('one', () => {}); test('two', () => process.kill(process.pid, 'SIGKILL'));`,
    'node/exits.test.ts': `test('one', () => { console.error('last words'); process.exit(3); });`,
    'node/holds-none.test.ts': '',
    'node/throws.test.ts': `throw new Error('no');`,
  });
  assert.ok(lines.includes('FAILED node/holds-none.test.ts: holds no test'));
  const after = (line: string): string[] => lines.slice(lines.indexOf(`FAILED node/${line}; what it said last:`) + 1);
  assert.equal(after('ends.test.ts: its process was ended by SIGKILL')[0], '  nothing');
  assert.equal(after('exits.test.ts: its process ended with exit code 3')[0], '  last words');
  assert.ok(after('throws.test.ts: its process ended with exit code 1').includes('  Error: no'));
  assert.equal(last, '1 passed, 4 failed, 0 skipped');
  assert.equal(status, 1);
});

const skips = {
  'node/a.test.ts': `
    test('fine', () => {});
    test('left out', { skip: 'needs a browser' }, () => {});`,
};

test('a skip is said aloud with its reason', () => {
  const { status, lines, last } = runTestsOf(skips);
  assert.ok(lines.includes('SKIPPED node/a.test.ts: left out (needs a browser)'));
  assert.equal(last, '1 passed, 0 failed, 1 skipped');
  assert.equal(status, 0);
});

test('under CI a skip fails the run, unless this platform cannot run it', () => {
  assert.equal(runTestsOf(skips, { CI: 'true' }).status, 1);
  const elsewhere = { 'node/a.test.ts': skips['node/a.test.ts'].replace('needs a browser', 'platform: needs Windows') };
  assert.equal(runTestsOf(elsewhere, { CI: 'true' }).status, 0);
});

test('a run that finds no test fails', () => {
  const { status, last } = runTestsOf({ 'cli/a.test.ts': `test('elsewhere', () => {});` });
  assert.equal(last, 'no test found below node');
  assert.equal(status, 1);
});
