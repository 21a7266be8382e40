/** etcd's own client for Go against three real members, whose leader is killed where the scenario asks for it. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LocalCluster, until } from '../processes/local-cluster.ts';
import { isOnPath } from './on-path.ts';

const SOURCE = fileURLToPath(new URL('clientv3', import.meta.url));
const skip = !isOnPath('go') && 'platform: go is not on PATH';

let folder: string;
let program: string;
let cluster: LocalCluster;

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'quorate-clientv3-'));
  program = join(folder, 'clientv3');
  await promisify(execFile)('go', ['build', '-o', program, '.'], { cwd: SOURCE });
  cluster = await LocalCluster.form(3);
});

after(async () => {
  if (skip) return;
  await cluster.remove();
  await rm(folder, { recursive: true, force: true });
});

/** @returns what it printed; rejects when it does not end well. A scenario may wait until it was struck. */
async function run(scenario: string, strike: () => void | Promise<void> = unexpected): Promise<string[]> {
  const child = spawn(program, [scenario, cluster.members.map(({ url }) => url).join(',')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line !== 'strike') continue;
      await strike();
      child.stdin.write('struck\n');
    }
    assert.equal(await closed, 0, `clientv3 ${scenario} failed`);
    return lines;
  } finally {
    child.kill('SIGKILL');
  }
}

async function runThroughKill(scenario: string): Promise<void> {
  await cluster.settled();
  const leader = await cluster.leader();
  const lines = await run(scenario, () => void leader.process.kill('SIGKILL'));
  assert.deepEqual(lines, ['strike', 'passed']);
  cluster.restart(leader);
  await cluster.settled();
}

function unexpected(): never {
  throw new Error('this scenario kills no one');
}

for (const scenario of ['keys', 'services', 'members', 'snapshot']) {
  test(scenario, { skip }, async () => {
    assert.deepEqual(await run(scenario), ['passed']);
  });
}

for (const scenario of ['leases', 'watch', 'mutex', 'election']) {
  test(`${scenario}, while the leader is killed`, { skip }, () => runThroughKill(scenario));
}

test('restarts, of one member after the other', { skip }, async () => {
  await cluster.settled();
  const members = [...cluster.members];
  await run('restarts', async () => {
    const member = members.shift()!;
    const exited = once(member.process, 'exit');
    member.process.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    cluster.restart(member);
    await until('it to take part', async () => {
      const status = await cluster.statusOf(member);
      return status?.state === 'Member' && status.leader !== 0 ? true : null;
    });
  });
});
