/** Data folders that are wiped, damaged or on a full disk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { joinCluster } from '../../client/index.ts';
import { Load } from './load.ts';
import { LocalCluster, type Member, until } from './local-cluster.ts';

test('a member that lost its data does not act under its old id, and takes its place again when told to', async () => {
  const cluster = await LocalCluster.form(3);
  try {
    const load = new Load(cluster.client());
    const leader = await cluster.leader();
    const victim = cluster.members.find((member) => member !== leader)!;
    const before = await cluster.statusOf(victim);
    await cluster.kill(victim);
    await rm(victim.folder, { recursive: true });
    cluster.restart(victim);
    const wiped = await until('the wiped member', () => cluster.statusOf(victim));
    assert.equal(wiped.state, 'Parked');
    assert.equal(wiped.reason, 'NoData');
    assert.notEqual(wiped.incarnation, before?.incarnation);

    const others = cluster.client(cluster.members.filter((member) => member !== victim));
    const newcomer = cluster.client([victim]);
    await assert.rejects(joinCluster(others, newcomer), /remove .* first, or --replace/);
    assert.equal((await cluster.answerOf(victim)).state, 'Parked');

    const id = await joinCluster(others, newcomer, { replace: before!.member_id! });
    assert.notEqual(id, before?.member_id);
    await cluster.settled();
    await load.verify();
  } finally {
    await cluster.remove();
  }
});

test('a follower that is too far behind for the log gets a snapshot', async () => {
  const cluster = await LocalCluster.form(3, ['--max-log-size=1MiB', '--log-tail-size=256KiB']);
  try {
    const leader = await cluster.leader();
    const victim = cluster.members.find((member) => member !== leader)!;
    const behind = await cluster.statusOf(victim);
    await cluster.kill(victim);
    const client = cluster.client(cluster.members.filter((member) => member !== victim));
    const value = 'v'.repeat(64 * 1024);
    for (let i = 0; i < 64; i++) await client.put(`bulk/${i}`, value);
    await until('a cut of the log', async () => {
      const status = await cluster.statusOf(await cluster.leader());
      return (status?.first_index ?? 0) > behind!.last_index! + 1 ? true : null;
    });
    cluster.restart(victim);
    await cluster.settled();
    const found = await cluster.client([victim]).get('bulk/0', { consistency: 'serializable' });
    assert.equal(found?.value, value);
    assert.ok((await cluster.answerOf(victim)).first_index! > behind!.last_index! + 1);
  } finally {
    await cluster.remove();
  }
});

test('a member whose log is damaged parks as Damaged and serves nothing; the others go on', async () => {
  const cluster = await LocalCluster.form(3);
  try {
    const client = cluster.client();
    for (let i = 0; i < 50; i++) await client.put(`key/${i}`, 'x'.repeat(1000));
    const leader = await cluster.leader();
    const victim = cluster.members.find((member) => member !== leader)!;
    await cluster.settled();
    const incarnation = (await cluster.answerOf(victim)).incarnation;
    await cluster.kill(victim);
    await flipByteInLog(victim);
    cluster.restart(victim);
    const damaged = await until('the damaged member', () => cluster.statusOf(victim));
    assert.equal(damaged.state, 'Parked');
    assert.equal(damaged.reason, 'Damaged');
    assert.equal(damaged.incarnation, incarnation);
    const answer = await fetch(`${victim.url}/v1/kv/key/0?consistency=serializable`);
    assert.equal(answer.status, 503);
    assert.equal(((await answer.json()) as { error: { code: string } }).error.code, 'parked');
    assert.equal((await fetch(`${victim.url}/livez`)).status, 200);
    assert.equal((await fetch(`${victim.url}/readyz`)).status, 503);
    assert.equal((await client.get('key/49'))?.value.length, 1000);
  } finally {
    await cluster.remove();
  }
});

test('on a full disk growth is refused with 507 while deletes work, and accepted again when there is space', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to mount a small file system');
  const cluster = await LocalCluster.form(1, ['--min-free-space=8MiB', '--resume-free-space=12MiB']);
  const small = join(cluster.folder, 'small');
  await mkdir(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96M', 'tmpfs', small]);
  let member: Member | null = null;
  try {
    member = await cluster.add([], join(small, 'data'));
    await joinCluster(cluster.client([cluster.members[0]!]), cluster.client([member]));
    const client = cluster.client();
    await client.put('before', 'x');
    await fillUpTo(small, 6 * 1024 * 1024);

    const put = () => fetch(`${cluster.members[0]!.url}/v1/kv/grow`, { method: 'PUT', body: 'x' });
    await until('507', async () => ((await put()).status === 507 ? true : null));
    const body = (await (await put()).json()) as { error: { code: string } };
    assert.equal(body.error.code, 'no_space');
    assert.equal((await client.delete('before')).deleted, 1);

    await rm(ballastIn(small));
    await until('space again', async () => ((await put()).status === 200 ? true : null));
  } finally {
    if (member !== null) await cluster.kill(member);
    execFileSync('umount', ['-l', small]);
    await cluster.remove();
  }
});

const ballastIn = (folder: string): string => join(folder, 'ballast');

/** Piece by piece: the member writes there too, and would meet a file system without any space. */
async function fillUpTo(folder: string, freeBytes: number): Promise<void> {
  const piece = Buffer.alloc(1024 * 1024);
  for (;;) {
    const { bsize, bavail } = await statfs(folder);
    if (bsize * bavail <= freeBytes) return;
    await appendFile(ballastIn(folder), piece);
  }
}

async function flipByteInLog(member: Member): Promise<void> {
  const folder = join(member.folder, 'log');
  const files = (await readdir(folder)).sort();
  const path = join(folder, files[0]!);
  const file = await open(path, 'r+');
  try {
    // In the middle of what was written early: far from the tail, where a crash could have left anything.
    const position = Math.min(10_000, Math.floor((await stat(path)).size / 4));
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
    buffer[0]! ^= 0xff;
    await file.write(buffer, 0, 1, position);
  } finally {
    await file.close();
  }
}
