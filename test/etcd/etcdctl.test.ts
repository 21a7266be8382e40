/** etcd's own command line against a real member: commands and what they print. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { LocalCluster } from '../processes/local-cluster.ts';
import { etcdctl as etcdctlAt, skipWithoutEtcdctl as skip } from './etcdctl.ts';

let cluster: LocalCluster;
let endpoint: string;

before(async () => {
  if (skip) return;
  cluster = await LocalCluster.form(1);
  endpoint = `127.0.0.1:${cluster.members[0]!.port}`;
});

after(() => (skip ? undefined : cluster.remove()));

const etcdctl = (...args: string[]): Promise<string> => etcdctlAt(endpoint, ...args);

async function etcdctlWithInput(input: string, ...args: string[]): Promise<string> {
  const running = promisify(execFile)('etcdctl', [`--endpoints=${endpoint}`, ...args]);
  running.child.stdin!.end(input);
  return (await running).stdout;
}

test('put, get, get --prefix, del', { skip }, async () => {
  assert.equal(await etcdctl('put', 'foo', 'bar'), 'OK\n');
  await etcdctl('put', 'foo2', 'baz');
  assert.equal(await etcdctl('get', 'foo'), 'foo\nbar\n');
  assert.equal(await etcdctl('get', '--prefix', 'foo'), 'foo\nbar\nfoo2\nbaz\n');
  assert.equal(await etcdctl('get', '--from-key', '', '--keys-only', '--limit=1'), 'foo\n\n');
  assert.equal(await etcdctl('put', '--prev-kv', 'foo', 'new'), 'OK\nfoo\nbar\n');
  assert.equal(await etcdctl('del', '--prefix', 'foo'), '2\n');
});

test('txn, as it is typed', { skip }, async () => {
  await etcdctl('put', 'user', 'bad');
  const twice = 'value("user") = "bad"\n\ndel user\nput user good\n\nput user worse\n\n';
  await assert.rejects(etcdctlWithInput(twice, 'txn', '-i'), /duplicate key given in txn request/);
  assert.equal(await etcdctl('get', 'user', '--print-value-only'), 'bad\n');
  const once = 'value("user") = "bad"\n\nput user good\n\nput user worse\n\n';
  assert.match(await etcdctlWithInput(once, 'txn', '-i'), /SUCCESS\n\nOK/);
  assert.equal(await etcdctl('get', 'user', '--print-value-only'), 'good\n');
});

test('watch, from now and from the past', { skip }, async () => {
  const header = JSON.parse(await etcdctl('put', 'w', '1', '-w', 'json')) as { header: { revision: number } };
  const child = spawn('etcdctl', [`--endpoints=${endpoint}`, 'watch', 'w', `--rev=${header.header.revision}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (count: number): Promise<string[]> => {
      const read: string[] = [];
      while (read.length < count) read.push((await lines.next()).value as string);
      return read;
    };
    assert.deepEqual(await next(3), ['PUT', 'w', '1']);
    await etcdctl('put', 'w', '2');
    assert.deepEqual(await next(3), ['PUT', 'w', '2']);
    await etcdctl('del', 'w');
    assert.deepEqual(await next(2), ['DELETE', 'w']);
  } finally {
    child.kill();
  }
});

test('lease grant, timetolive, keep-alive, list, revoke', { skip }, async () => {
  const granted = await etcdctl('lease', 'grant', '60');
  const id = /^lease ([0-9a-f]+) granted with TTL\(60s\)\n$/.exec(granted)?.[1];
  assert.ok(id !== undefined, granted);
  await etcdctl('put', `--lease=${id}`, 'leased', 'v');
  assert.match(
    await etcdctl('lease', 'timetolive', id, '--keys'),
    /granted with TTL\(60s\), remaining\((?:60|5\d)s\), attached keys\(\[leased\]\)/,
  );
  assert.equal(await etcdctl('lease', 'keep-alive', '--once', id), `lease ${id} keepalived with TTL(60)\n`);
  assert.equal(await etcdctl('lease', 'list'), `found 1 leases\n${id}\n`);
  assert.equal(await etcdctl('lease', 'revoke', id), `lease ${id} revoked\n`);
  assert.equal(await etcdctl('get', 'leased'), '');
  assert.equal(await etcdctl('lease', 'timetolive', id), `lease ${id} already expired\n`);
});

test('compaction, logical and physical, and the words of what it refuses', { skip }, async () => {
  for (const value of ['1', '2', '3']) await etcdctl('put', 'c', value);
  const { header } = JSON.parse(await etcdctl('get', 'c', '-w', 'json')) as { header: { revision: number } };
  const { revision } = header;
  assert.equal(await etcdctl('compact', String(revision - 1)), `compacted revision ${revision - 1}\n`);
  assert.equal(await etcdctl('get', 'c', `--rev=${revision - 1}`, '--print-value-only'), '2\n');
  await assert.rejects(etcdctl('get', 'c', `--rev=${revision - 2}`), /required revision has been compacted/);
  await assert.rejects(etcdctl('compact', String(revision - 1)), /required revision has been compacted/);
  await assert.rejects(etcdctl('compact', String(revision + 9)), /required revision is a future revision/);
  assert.equal(await etcdctl('compact', '--physical', String(revision)), `compacted revision ${revision}\n`);
});
