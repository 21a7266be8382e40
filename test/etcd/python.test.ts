/** The Python package `aetcd` against three real members: its scenarios are in `python/scenarios.py`. */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LocalCluster } from '../processes/local-cluster.ts';

const SOURCE = fileURLToPath(new URL('python', import.meta.url));
const hasPython = spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
const skip = !hasPython && 'platform: there is no python3 with venv and pip';

test('keys, leases, locks, watches, members, a snapshot, and the loss of the leader', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-aetcd-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const python = join(folder, 'bin/python');
  await promisify(execFile)('python3', ['-m', 'venv', folder]);
  const requirements = join(SOURCE, 'requirements.txt');
  await promisify(execFile)(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);

  const cluster = await LocalCluster.form(3);
  t.after(() => cluster.remove());
  const leader = await cluster.leader();
  const endpoints = [leader, ...cluster.members.filter((member) => member !== leader)];
  const child = spawn(
    python,
    [join(SOURCE, 'scenarios.py'), endpoints.map(({ port }) => `127.0.0.1:${port}`).join(',')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => child.kill('SIGKILL'));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line === 'strike') leader.process.kill('SIGKILL');
  }
  assert.equal(await closed, 0);
  assert.deepEqual(lines, ['strike', 'passed']);
});
