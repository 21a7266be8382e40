/** A Kubernetes API server that keeps its objects in three real members, of which the leader is killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { freePorts } from '../free-ports.ts';
import { endProcess } from '../processes/end-process.ts';
import { LocalCluster, until } from '../processes/local-cluster.ts';
import { isOnPath } from './on-path.ts';

const missing = ['kube-apiserver', 'kubectl'].filter((program) => !isOnPath(program));
const skip = missing.length > 0 && `platform: ${missing.join(' and ')} not on PATH`;
const OBJECTS = 1000;
const TOKEN = 'administrator';

let folder: string;
let cluster: LocalCluster;
let server: ChildProcess;
let connection: readonly string[];

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'quorate-kube-'));
  cluster = await LocalCluster.form(3);
  const port = await freePorts(1);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = join(folder, 'service-accounts.key');
  await writeFile(key, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  const tokens = join(folder, 'tokens.csv');
  await writeFile(tokens, `${TOKEN},admin,admin,system:masters\n`, { mode: 0o600 });
  const flags = [
    `--etcd-servers=${cluster.members.map(({ url }) => url).join(',')}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=192.0.2.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
  ];
  server = spawn('kube-apiserver', flags, { stdio: 'ignore' });
  connection = [
    `--server=https://127.0.0.1:${port}`,
    '--insecure-skip-tls-verify',
    `--token=${TOKEN}`,
    '--kubeconfig=/dev/null',
  ];
  await until(
    'the API server',
    async () => {
      if (server.exitCode !== null) throw new Error(`kube-apiserver ended with ${server.exitCode}`);
      return kubectl('get', '--raw=/readyz').catch(() => null);
    },
    180_000,
  );
});

after(async () => {
  if (skip) return;
  await endProcess(server);
  await cluster.remove();
  await rm(folder, { recursive: true, force: true });
});

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('kubectl', [...connection, ...args], { maxBuffer: 64 << 20 });
  return stdout;
}

/** Kills the leader when so many lines have been printed, and starts it again at the end; true when that was a success. */
async function strikeAfter(child: ChildProcess, count: number): Promise<boolean> {
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const leader = await cluster.leader();
  let lines = 0;
  for await (const _line of createInterface({ input: child.stdout! })) {
    lines += 1;
    if (lines === count) await cluster.kill(leader);
  }
  const code = await closed;
  assert.ok(lines >= count, 'the leader was killed on the way');
  cluster.restart(leader);
  await cluster.settled();
  return code === 0;
}

function manifest(): string {
  const items = Array.from({ length: OBJECTS }, (_, n) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `thing-${n}`, labels: { set: 'thousand' } },
    data: { n: String(n) },
  }));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

type Change = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: { readonly metadata: { readonly name: string; readonly resourceVersion: string } };
};

/**
 * Watches as clients do. An API server ends the watch of a client that a busy machine keeps from reading, and the client
 * goes on from the last change it was told: the store has to have all that followed.
 */
async function watchThings(onChange: (change: Change) => void): Promise<{ breakOff(): void; stop(): void }> {
  const list = JSON.parse(await kubectl('get', '--raw', `${CONFIG_MAPS}?limit=1`)) as Change['object'];
  let { resourceVersion } = list.metadata;
  let isStopped = false;
  let watching: ChildProcess;
  const watch = (): void => {
    const url = `${CONFIG_MAPS}?watch=true&labelSelector=set%3Dthousand&resourceVersion=${resourceVersion}`;
    const child = spawn('kubectl', [...connection, 'get', '--raw', url], { stdio: ['ignore', 'pipe', 'inherit'] });
    watching = child;
    let unfinished = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop()!;
      for (const line of lines) {
        const change = JSON.parse(line) as Change;
        onChange(change);
        resourceVersion = change.object.metadata.resourceVersion;
      }
    });
    child.once('close', () => {
      if (!isStopped) watch();
    });
  };
  watch();
  const breakOff = (): void => void watching.kill('SIGKILL');
  return {
    breakOff,
    stop: () => {
      isStopped = true;
      breakOff();
    },
  };
}

test('a thousand objects are created, watched and deleted while the leader is killed twice', { skip }, async () => {
  const created = new Map<string, number>();
  const deleted = new Map<string, number>();
  const unexpected: string[] = [];
  const watch = await watchThings(({ type, object }) => {
    const seen = type === 'ADDED' ? created : deleted;
    if (type !== 'ADDED' && type !== 'DELETED') unexpected.push(JSON.stringify({ type, object }));
    else seen.set(object.metadata.name, (seen.get(object.metadata.name) ?? 0) + 1);
    if (type === 'ADDED' && created.size === OBJECTS / 2) watch.breakOff();
  });
  const isToldOf = async (seen: ReadonlyMap<string, number>): Promise<true | null> => {
    assert.deepEqual(unexpected, [], 'nobody changed them, and no change was missed');
    return seen.size === OBJECTS ? true : null;
  };
  try {
    const file = join(folder, 'things.json');
    await writeFile(file, manifest());
    const creating = spawn('kubectl', [...connection, 'apply', '-f', file], { stdio: ['ignore', 'pipe', 'ignore'] });
    // A request whose answer was lost with the leader is an error here; a user would ask again.
    if (!(await strikeAfter(creating, OBJECTS / 4))) await kubectl('apply', '-f', file);
    await until('all creations in the watch', () => isToldOf(created));

    const listed = (await kubectl('get', 'configmaps', '-l', 'set=thousand', '-o', 'name', '--chunk-size=100')).trim();
    assert.equal(new Set(listed.split('\n')).size, OBJECTS);

    const deleting = spawn('kubectl', [...connection, 'delete', 'configmaps', '-l', 'set=thousand', '--wait=false'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await strikeAfter(deleting, OBJECTS / 4);
    await kubectl('delete', 'configmaps', '-l', 'set=thousand', '--ignore-not-found');
    assert.equal(await kubectl('get', 'configmaps', '-l', 'set=thousand', '-o', 'name'), '');
    await until('all deletions in the watch', () => isToldOf(deleted));
    assert.ok(
      [...created.values()].every((times) => times === 1),
      'no creation was told twice',
    );
    assert.ok(
      [...deleted.values()].every((times) => times === 1),
      'no deletion was told twice',
    );
  } finally {
    watch.stop();
  }
});
