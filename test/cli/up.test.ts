import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { createClient } from '../../client/client.ts';
import { freePorts } from '../free-ports.ts';
import { temporaryFolder } from './testing/folder.ts';
import { run, start } from './testing/program.ts';

const limits = { timeout: 120_000 };

function endpointsFrom(port: number): string[] {
  return [0, 2, 4].map((offset) => `http://127.0.0.1:${port + offset}`);
}

test('up runs a cluster, stops all of it on Ctrl-C, and goes on with the same data', limits, async () => {
  await using folder = await temporaryFolder();
  const port = await freePorts(6);
  const args = ['up', `--port=${port}`, `--data-dir=${folder.path}/data`];
  {
    await using program = start(args);
    await program.printed('The cluster is ready');
    await program.printed(/m1 .*\n(.*\n)*m3 /);
    assert.match(program.stdout, /MEMBER +ENDPOINT +ROLE +TERM +COMMIT\n/);
    assert.match(program.stdout, new RegExp(`export QUORATE_ENDPOINTS=${endpointsFrom(port).join(',')}`));
    const [first, second, third] = endpointsFrom(port).map((endpoint) => createClient({ endpoints: [endpoint] }));
    const { revision } = await first!.put('greeting', 'hello');
    for (const client of [second!, third!]) assert.equal((await client.get('greeting'))?.modRevision, revision);
    program.child.kill('SIGINT');
    const { code, stdout } = await program.ended;
    assert.equal(code, 0);
    assert.match(stdout, /all members have stopped\n$/);
  }
  await using again = start(['up', `--data-dir=${folder.path}/data`]);
  await again.printed('The cluster is ready');
  assert.equal((await createClient({ endpoints: endpointsFrom(port) }).get('greeting'))?.value, 'hello');

  const second = await run(args);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^quorate: the data folder .* is in use by another process.*\n$/);
  const elsewhere = await run(['up', `--port=${port}`, `--data-dir=${folder.path}/other`]);
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stderr, new RegExp(`^quorate: port ${port}, which member m1 needs, is in use: .*\n$`));
});

test('up says in one line that a port is in use, before it starts anything', limits, async () => {
  await using folder = await temporaryFolder();
  const port = await freePorts(6);
  const other = createServer().listen(port + 3, '127.0.0.1');
  await once(other, 'listening');
  const { code, stdout, stderr } = await run(['up', `--port=${port}`, `--data-dir=${folder.path}/data`]);
  other.close();
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, new RegExp(`^quorate: port ${port + 3}, which member m2 needs, is in use: .*\n$`));
});

test(
  'up starts a member again that was killed, and its members end with it when it is killed itself',
  limits,
  async () => {
    await using folder = await temporaryFolder();
    const port = await freePorts(2);
    await using program = start(['up', '--members=1', `--port=${port}`, `--data-dir=${folder.path}/data`]);
    await program.printed('The cluster is ready');
    const client = createClient({ endpoints: [`http://127.0.0.1:${port}`] });
    await client.put('a', '1');
    const [member] = await childrenOf(program.child.pid!);
    process.kill(member!, 'SIGKILL');
    await program.printed('m1 was killed by SIGKILL; starting it again in 0.5 s');
    assert.equal((await client.get('a'))?.value, '1');

    const [restarted] = await childrenOf(program.child.pid!);
    assert.notEqual(restarted, member);
    program.child.kill('SIGKILL');
    await program.ended;
    while (isAlive(restarted!)) await new Promise((resolve) => setTimeout(resolve, 20));
  },
);

test('a second Ctrl-C kills members that do not stop', limits, async () => {
  await using folder = await temporaryFolder();
  const port = await freePorts(2);
  await using program = start(['up', '--members=1', `--port=${port}`, `--data-dir=${folder.path}/data`]);
  await program.printed('The cluster is ready');
  const [member] = await childrenOf(program.child.pid!);
  process.kill(member!, 'SIGSTOP');
  program.child.kill('SIGINT');
  await program.printed('stopping; Ctrl-C again kills');
  program.child.kill('SIGINT');
  assert.equal((await program.ended).code, 1);
  assert.equal(isAlive(member!), false);
});

test('up whose folder was removed says so, starts nothing in its place, and stops in order', limits, async () => {
  await using folder = await temporaryFolder();
  const port = await freePorts(2);
  const dataDir = `${folder.path}/data`;
  await using program = start(['up', '--members=1', `--port=${port}`, `--data-dir=${dataDir}`]);
  await program.printed('The cluster is ready');
  await rm(dataDir, { recursive: true });
  const [member] = await childrenOf(program.child.pid!);
  process.kill(member!, 'SIGKILL');
  await program.printed(`m1 was killed by SIGKILL; not starting it again, for ${dataDir} is gone`);
  program.child.kill('SIGINT');
  assert.deepEqual([(await program.ended).code, (await program.ended).stderr], [0, '']);
});

test('node says in one line what is wrong, and exits 1', limits, async () => {
  await using folder = await temporaryFolder();
  const port = await freePorts(2);
  await using other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const own = [
    `--data-dir=${folder.path}/m`,
    `--listen-client=127.0.0.1:${port}`,
    `--listen-peer=127.0.0.1:${port + 1}`,
    '--log-level=silent',
  ];
  await writeFile(`${folder.path}/file`, '');
  await mkdir(`${folder.path}/of-up`);
  await writeFile(`${folder.path}/of-up/cluster.json`, '{}');
  const inUse = (flag: string) => new RegExp(`^quorate: cannot listen on .*:${port}: the port is in use.* ${flag}\n$`);
  for (const [args, message] of [
    [own, inUse('--listen-client')],
    // Opened only when the member joins: it would have been added already.
    [[own[0]!, `--listen-client=127.0.0.1:${port + 1}`, `--listen-peer=127.0.0.1:${port}`], inUse('--listen-peer')],
    [['--listen-client=192.0.2.1:1', own[0]!], /192\.0\.2\.1:1: this machine has no such address/],
    [[`--data-dir=${folder.path}/file`], /^quorate: cannot use the data folder .*: choose another with --data-dir\n$/],
    [[`--data-dir=${folder.path}/of-up`], /^quorate: .* is a folder of quorate up, .*\n$/],
    [
      [own[0]!, `--listen-client=127.1:${port + 1}`, own[2]!],
      /^quorate: --listen-peer: .* is where --listen-client listens: .*\n$/,
    ],
    [
      [own[0]!, `--client-tls-cert=${folder.path}/no`, `--client-tls-key=${folder.path}/file`],
      /^quorate: --client-tls-cert: cannot use .*\/no: ENOENT.*\n$/,
    ],
    [['--name={{interface no0}}'], /^quorate: --name: '\{\{interface no0\}\}': .*\n$/],
    [['--election-timeout=50'], /^quorate: --election-timeout: '50' must be a duration such as .*\n$/],
    [['--join=http://a', '--initial-cluster=m=http://b'], /^quorate: .*choose one way.*\n$/],
  ] as [string[], RegExp][]) {
    const { code, stderr } = await run(['node', ...args]);
    assert.equal(code, 1);
    assert.match(stderr, message);
  }
});

async function childrenOf(pid: number): Promise<number[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a data folder that cannot be made ends `up` with a sentence, where Node tries for ever', async () => {
  const { code, stderr } = await run(['up', '--data-dir=/proc/none']);
  assert.equal(code, 1);
  assert.match(stderr, /^quorate: cannot use the data folder \/proc\/none: .*: choose another with --data-dir\n$/);
});
