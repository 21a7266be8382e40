import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { inClusterApiServer } from './in-cluster.ts';
import { ManualClock } from './testing/manual-clock.ts';

test('a pod reads where its API server is, and its token again when it is old or was refused', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quorate-in-cluster-'));
  t.after(() => rm(folder, { recursive: true }));
  const write = (name: string, content: string) => writeFile(path.join(folder, name), content);
  await Promise.all([write('token', 'one\n'), write('ca.crt', 'first'), write('namespace', 'quorate-system\n')]);
  const clock = new ManualClock();
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const server = await inClusterApiServer({ clock, env, folder });
  assert.ok(server);
  assert.equal(server.url, 'https://[fd00::1]:443');
  assert.equal(server.namespace, 'quorate-system');
  const token = async (refresh = false) => (await server.credentials(refresh))['authorization'];
  assert.equal(await token(), 'Bearer one');
  await Promise.all([write('token', 'two'), write('ca.crt', 'second')]);
  assert.equal(await token(), 'Bearer one');
  clock.advance(60_000);
  assert.equal(await token(), 'Bearer two');
  await write('token', 'three');
  assert.equal(await token(true), 'Bearer three');
  assert.equal(String((await server.tls()).ca), 'second');
});

test('outside of a pod there is none', async () => {
  assert.equal(await inClusterApiServer({ clock: new ManualClock(), env: {} }), null);
});
