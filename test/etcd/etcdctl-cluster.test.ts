/** etcd's own command line against three real members: what an administrator does. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePorts } from '../free-ports.ts';
import { LocalCluster, until } from '../processes/local-cluster.ts';
import { etcdctl, skipWithoutEtcdctl as skip } from './etcdctl.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

let cluster: LocalCluster;
let endpoint: string;

before(async () => {
  if (skip) return;
  cluster = await LocalCluster.form(3);
  endpoint = cluster.members[0]!.url;
});

after(() => (skip ? undefined : cluster.remove()));

const json = async (...args: string[]): Promise<unknown> => JSON.parse(await etcdctl(endpoint, ...args, '-w', 'json'));
type Listed = { members: { ID: number; name?: string; peerURLs: string[]; isLearner?: boolean }[] };

test('endpoint health and status, alarm list, hashkv, defrag', { skip }, async () => {
  await etcdctl(endpoint, 'endpoint', 'health', '--cluster');
  const [status] = (await json('endpoint', 'status')) as { Status: { version: string; leader: number } }[];
  assert.match(status!.Status.version, /^3\.5\.(1[3-9]|[2-9]\d)$/);
  assert.ok(status!.Status.leader > 0);
  assert.equal(await etcdctl(endpoint, 'alarm', 'list'), '');
  await cluster.settled();
  const hashes = (await json('endpoint', 'hashkv', '--cluster')) as { HashKV: { hash: number } }[];
  assert.equal(hashes.length, 3);
  assert.equal(new Set(hashes.map(({ HashKV }) => HashKV.hash)).size, 1);
  assert.match(await etcdctl(endpoint, 'defrag'), /Finished defragmenting/);
});

test('a member is added by its address, joins, votes, moves and is removed', { skip }, async () => {
  const client = await freePorts(2);
  const peer = client + 1;
  const added = await etcdctl(endpoint, 'member', 'add', 'm4', `--peer-urls=http://127.0.0.1:${peer}`, '--learner');
  const id = /^Member\s+(\w+) added/.exec(added)?.[1];
  assert.ok(id !== undefined, added);
  await assert.rejects(
    etcdctl(endpoint, 'member', 'add', 'm5', `--peer-urls=http://127.0.0.1:${peer}`),
    /Peer URLs already exists/,
  );
  await assert.rejects(
    etcdctl(endpoint, 'member', 'promote', id),
    /can only promote a learner member which is in sync/,
  );
  assert.match(await etcdctl(endpoint, 'member', 'list'), new RegExp(`^${id}, unstarted, ,.*, true$`, 'm'));
  const member = await cluster.add([
    `--listen-peer=127.0.0.1:${peer}`,
    `--listen-client=127.0.0.1:${client}`,
    `--join=${endpoint}`,
  ]);
  // Who joins promotes itself when it has caught up.
  const members = await until('four voters', async () => {
    const listed = ((await json('member', 'list')) as Listed).members;
    return listed.some(({ isLearner }) => isLearner) ? null : listed;
  });
  assert.equal(members.at(-1)?.ID, Number.parseInt(id, 16));
  assert.deepEqual(
    members.map(({ name, isLearner }) => [name, isLearner === true]),
    [1, 2, 3, 4].map((n) => [`m${n}`, false]),
  );
  await assert.rejects(etcdctl(endpoint, 'member', 'promote', id), /can only promote a learner member/);
  await etcdctl(endpoint, 'member', 'remove', id);
  assert.equal(((await json('member', 'list')) as Listed).members.length, 3);
  await assert.rejects(etcdctl(endpoint, 'member', 'remove', id), /member not found/);
  await cluster.kill(member);
  cluster.members.pop();
});

test('move-leader, from the leader alone and to a voter', { skip }, async () => {
  const all = cluster.members.map(({ url }) => url).join(',');
  const leader = await cluster.leader();
  const to = cluster.members.find((member) => member !== leader)!;
  const target = (await cluster.answerOf(to)).member_id!.toString(16);
  assert.match(await etcdctl(all, 'move-leader', target), /Leadership transferred/);
  assert.equal(await cluster.leader(), to);
  await assert.rejects(etcdctl(all, 'move-leader', 'beef'), /bad leader transferee/);
});

test('what snapshot save has fetched, quorate snapshot restores', { skip }, async () => {
  await etcdctl(endpoint, 'put', 'kept', 'value');
  const file = join(cluster.folder, 'backup.db');
  assert.match(await etcdctl(endpoint, 'snapshot', 'save', file), /Snapshot saved at/);
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'snapshot', 'status', file, '--json']);
  assert.ok((JSON.parse(stdout) as { revision: number }).revision > 1, stdout);
  const folder = join(cluster.folder, 'restored');
  await promisify(execFile)(process.execPath, [CLI, 'snapshot', 'restore', file, '--data-dir', folder, '--members=1']);
});

test('lock runs a command, elect tells of the winner', { skip }, async () => {
  assert.equal(await etcdctl(endpoint, 'lock', 'jobs', 'echo', 'done'), 'done\n');
  const elected = promisify(execFile)('etcdctl', [`--endpoints=${endpoint}`, 'elect', 'boss', 'me']);
  await until('the election', async () =>
    (await etcdctl(endpoint, 'get', '--prefix', 'boss', '--print-value-only')) === 'me\n' ? true : null,
  );
  elected.child.kill('SIGINT');
  await elected.catch(() => undefined);
});
