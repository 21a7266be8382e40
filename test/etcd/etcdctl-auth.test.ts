/** Users and roles by etcd's own command line, on three real members. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LocalCluster } from '../processes/local-cluster.ts';
import { etcdctl, skipWithoutEtcdctl as skip } from './etcdctl.ts';

let cluster: LocalCluster;
let endpoints: string;

before(async () => {
  if (skip) return;
  cluster = await LocalCluster.form(3);
  endpoints = cluster.members.map(({ url }) => url).join(',');
});

after(() => (skip ? undefined : cluster.remove()));

test('users, roles, and what they may on every member', { skip }, async () => {
  const run = (...args: string[]): Promise<string> => etcdctl(endpoints, ...args);
  await run('user', 'add', 'root:secret');
  await run('role', 'add', 'root');
  await run('user', 'grant-role', 'root', 'root');
  await run('role', 'add', 'app');
  await run('role', 'grant-permission', 'app', 'readwrite', '--prefix', 'app/');
  await run('user', 'add', 'me:pass');
  await run('user', 'grant-role', 'me', 'app');
  assert.match(await run('auth', 'enable'), /Authentication Enabled/);
  await assert.rejects(run('get', 'app/a'), /etcdserver: (user name is empty|invalid auth token)/);
  const me = ['--user=me:pass'];
  for (const { url } of cluster.members) {
    assert.equal(await etcdctl(url, ...me, 'put', 'app/a', url), 'OK\n');
    assert.equal(await etcdctl(url, ...me, 'get', 'app/a', '--print-value-only'), `${url}\n`);
    await assert.rejects(etcdctl(url, ...me, 'get', 'b'), /permission denied/);
    await assert.rejects(etcdctl(url, ...me, 'member', 'remove', '1'), /permission denied/);
    assert.equal((await fetch(`${url}/v1/kv/app/a`)).status, 401);
  }
  await assert.rejects(run('--user=me:wrong', 'get', 'app/a'), /authentication failed, invalid user ID or password/);
  assert.match(await run('--user=root:secret', 'user', 'get', 'me'), /User: me\nRoles: app/);
  assert.match(await run('--user=root:secret', 'role', 'get', 'app'), /KV Write:\n\t\[app\/, app0\)/);
  assert.match(await run('--user=root:secret', 'auth', 'disable'), /Authentication Disabled/);
  assert.equal(await run('put', 'b', 'open'), 'OK\n');
});
