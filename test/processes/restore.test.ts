/** A new cluster that begins with another one's snapshot, fetched by each founder. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { foundingRecord } from '../../client/forming.ts';
import type { ApiBootstrap } from '../../client/types.ts';
import { LocalCluster, until } from './local-cluster.ts';

type FileServer = { readonly url: string; content: Buffer };

async function serve(t: TestContext, content: Buffer): Promise<FileServer> {
  const served = { url: '', content };
  const server: Server = createServer((_request, response) => response.end(served.content));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/backup.snapshot`;
  return served;
}

test('founders that fetch one snapshot begin with the same state, and other content is refused', async (t) => {
  const cluster = await LocalCluster.form(1);
  t.after(() => cluster.remove());
  const [source] = cluster.members as [(typeof cluster.members)[0]];
  for (let i = 0; i < 50; i++) await cluster.client([source]).put(`key/${i}`, `value ${i}`);
  const snapshot = Buffer.from(await (await fetch(`${source.url}/v1/snapshot`)).arrayBuffer());
  const files = await serve(t, snapshot);

  const founders = [await cluster.add(), await cluster.add(), await cluster.add()] as const;
  const statuses = await until('three empty members', async () => {
    const all = await Promise.all(founders.map((member) => cluster.statusOf(member)));
    return all.every((status) => status !== null) ? all : null;
  });
  const record: ApiBootstrap = {
    ...(await foundingRecord(statuses)),
    snapshot_path: `${files.url}?signature=secret`,
  };
  const [first, second, third] = founders;
  const accepted = await cluster.client([first]).bootstrap(record);
  assert.equal(accepted.snapshot_sha256, createHash('sha256').update(snapshot).digest('hex'));
  assert.equal(accepted.snapshot_path, files.url, 'without what a presigned URL keeps secret');
  assert.deepEqual(await cluster.client([first]).bootstrap(record), accepted, 'the same once more');

  const decided = { ...record, snapshot_sha256: accepted.snapshot_sha256! };
  files.content = Buffer.concat([snapshot, Buffer.from('x')]);
  await assert.rejects(cluster.client([second]).bootstrap(decided), { code: 'invalid_request' });
  assert.match((await cluster.answerOf(second)).message ?? '', /has SHA-256/, 'the status says why it waits');
  files.content = snapshot.subarray(0, snapshot.length - 1);
  await assert.rejects(cluster.client([third]).bootstrap(record), { code: 'invalid_request' }, 'it is damaged');
  files.content = snapshot;
  assert.deepEqual(await cluster.client([second]).bootstrap(decided), accepted);
  assert.deepEqual(await cluster.client([third]).bootstrap(accepted), accepted);

  await cluster.settled(founders);
  const expected = await cluster.client([source]).get('key/49');
  for (const member of founders) {
    const response = await fetch(`${member.url}/v1/kv?prefix=key/&consistency=serializable`);
    const page = (await response.json()) as { count: number; items: { value?: string; mod_revision: number }[] };
    assert.equal(page.count, 50);
    assert.equal(page.items.find(({ value }) => value === 'value 49')?.mod_revision, expected?.modRevision);
    assert.deepEqual(
      (await readdir(member.folder)).filter((name) => name.includes('restore')),
      [],
      'the download is not kept',
    );
  }
  const revisions = await Promise.all(founders.map(async (member) => (await cluster.statusOf(member))?.revision));
  assert.equal(new Set(revisions).size, 1);
  assert.ok((await cluster.client(founders).put('after', 'x')).revision > 1_000_000);
});
