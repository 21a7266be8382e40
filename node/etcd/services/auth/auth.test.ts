import assert from 'node:assert/strict';
import test from 'node:test';
import { bearer, enableAuth, type TestAuth } from '../../testing/enable-auth.ts';
import type { Message, Outcome } from '../../testing/grpc-client.ts';
import { startTestEtcd } from '../../testing/start-test-etcd.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

/** What `app` may: read a to m, write b to c. */
async function withUser(etcd: TestAuth): Promise<string> {
  await etcd.asRoot('UserAdd', 'AuthUserAddRequest', { name: 'app', password: 'p' });
  await etcd.asRoot('RoleAdd', 'AuthRoleAddRequest', { name: 'r' });
  await etcd.asRoot('UserGrantRole', 'AuthUserGrantRoleRequest', { user: 'app', role: 'r' });
  const grant = (permType: number, key: string, end: string) =>
    etcd.asRoot('RoleGrantPermission', 'AuthRoleGrantPermissionRequest', {
      name: 'r',
      perm: { permType, key: bytes(key), range_end: bytes(end) },
    });
  await grant(0, 'a', 'n');
  await grant(2, 'b', 'd');
  return etcd.tokenOf('app', 'p');
}

test('a user may what its roles say, in every part of a request', async (t) => {
  const etcd = await enableAuth(t);
  const token = await withUser(etcd);
  const ask = (method: string, types: string, request: Message): Promise<Outcome> =>
    etcd.as(token, `KV/${method}`, types, request);
  const codes: [string, string, Message, number][] = [
    ['Range', 'RangeRequest', { key: bytes('a'), range_end: bytes('n') }, 0],
    ['Range', 'RangeRequest', { key: bytes('a'), range_end: bytes('z') }, 7],
    ['Range', 'RangeRequest', { key: bytes('z'), serializable: true }, 7],
    ['Put', 'PutRequest', { key: bytes('b'), prev_kv: true }, 0],
    ['Put', 'PutRequest', { key: bytes('a') }, 7],
    ['DeleteRange', 'DeleteRangeRequest', { key: bytes('b'), range_end: bytes('d') }, 0],
    ['DeleteRange', 'DeleteRangeRequest', { key: bytes('b'), range_end: bytes('e') }, 7],
    ['Txn', 'TxnRequest', { success: [{ request_put: { key: bytes('c') } }] }, 0],
    ['Txn', 'TxnRequest', { compare: [{ key: bytes('z') }] }, 7],
    ['Txn', 'TxnRequest', { success: [{ request_txn: { failure: [{ request_put: { key: bytes('a') } }] } }] }, 7],
    ['Txn', 'TxnRequest', { failure: [{ request_range: { key: bytes('z') } }] }, 7],
  ];
  for (const [method, types, request, code] of codes) {
    const outcome = await ask(method, types, request);
    assert.equal(outcome.code, code, `${method} ${outcome.message}`);
    if (code === 7) assert.equal(outcome.message, 'etcdserver: permission denied');
  }
});

test('keys of a lease: to attach to it or to end it is to write to them', async (t) => {
  const etcd = await enableAuth(t);
  const token = await withUser(etcd);
  const { ID } = await etcd.asRootOf('Lease/LeaseGrant', 'LeaseGrantRequest', { TTL: 60 });
  const attach = { key: bytes('b'), lease: ID };
  assert.equal((await etcd.as(token, 'KV/Put', 'PutRequest', attach)).code, 0);
  assert.equal((await etcd.as(token, 'Lease/LeaseTimeToLive', 'LeaseTimeToLiveRequest', { ID, keys: true })).code, 0);
  await etcd.asRootOf('KV/Put', 'PutRequest', { key: bytes('z'), lease: ID });
  assert.equal((await etcd.as(token, 'KV/Put', 'PutRequest', attach)).code, 7);
  assert.equal((await etcd.as(token, 'Lease/LeaseRevoke', 'LeaseRevokeRequest', { ID })).code, 7);
  assert.equal((await etcd.as(token, 'Lease/LeaseTimeToLive', 'LeaseTimeToLiveRequest', { ID, keys: true })).code, 7);
});

test('a watch of keys that may not be read is canceled; one that may be no longer ends', async (t) => {
  const etcd = await enableAuth(t);
  const token = await withUser(etcd);
  const types = ['etcdserverpb.WatchRequest', 'etcdserverpb.WatchResponse'] as const;
  const stream = etcd.client.open('/etcdserverpb.Watch/Watch', types, { token });
  stream.send({ create_request: { key: bytes('z') } });
  const refused = await stream.next();
  assert.deepEqual(
    [refused['created'], refused['canceled'], refused['watch_id'], refused['cancel_reason']],
    [true, true, -1n, 'rpc error: code = PermissionDenied desc = etcdserver: permission denied'],
  );
  stream.send({ create_request: { key: bytes('a') } });
  assert.equal((await stream.next())['created'], true);
  await etcd.asRoot('UserRevokeRole', 'AuthUserRevokeRoleRequest', { name: 'app', role: 'r' });
  await etcd.asRootOf('KV/Put', 'PutRequest', { key: bytes('a'), value: bytes('secret') });
  assert.equal((await stream.ended).code, 7);
  assert.ok(stream.replies.every((reply) => reply['events'].length === 0));
});

test('a token is void when its user was changed, was made up, or is of another cluster', async (t) => {
  const etcd = await enableAuth(t);
  const token = await withUser(etcd);
  const range = (of: string): Promise<Outcome> => etcd.as(of, 'KV/Range', 'RangeRequest', { key: bytes('a') });
  assert.equal((await range(token)).code, 0);
  const [head, body, signature] = token.split('.') as [string, string, string];
  const claims = { ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object), username: 'root' };
  const forged = Buffer.from(JSON.stringify(claims)).toString('base64url');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
  for (const bad of ['x', '', `${head}.${forged}.${signature}`, `${none}.${body}.`, `${head}.${body}.`]) {
    const outcome = await range(bad);
    assert.deepEqual([outcome.code, outcome.message], [16, 'etcdserver: invalid auth token'], bad);
  }
  await etcd.asRoot('UserChangePassword', 'AuthUserChangePasswordRequest', { name: 'app', password: 'q' });
  assert.equal((await range(token)).code, 16);
  await assert.rejects(
    etcd.tokenOf('app', 'p'),
    /^Error: 3 etcdserver: authentication failed, invalid user ID or password$/,
  );
  await assert.rejects(etcd.tokenOf('nobody', ''), /authentication failed/);
  assert.equal((await range(await etcd.tokenOf('app', 'q'))).code, 0);
});

test('a write that was allowed by what has changed meanwhile is not carried out', async (t) => {
  const etcd = await enableAuth(t);
  const token = await withUser(etcd);
  const gate = Promise.withResolvers<void>();
  etcd.member.gate = gate.promise;
  const late = etcd.as(token, 'KV/Put', 'PutRequest', { key: bytes('b'), value: bytes('late') });
  while (!etcd.member.calls.some(([name, what]) => name === 'propose' && isPut(what))) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  etcd.member.gate = Promise.resolve();
  await etcd.asRoot('UserRevokeRole', 'AuthUserRevokeRoleRequest', { name: 'app', role: 'r' });
  gate.resolve();
  const outcome = await late;
  assert.deepEqual([outcome.code, outcome.message], [3, 'etcdserver: revision of auth store is old']);
});

function isPut(what: unknown): boolean {
  return (what as { command: { kind: string } }).command.kind === 'Put';
}

test('the HTTP API has the same users', async (t) => {
  const etcd = await enableAuth(t);
  const token = await withUser(etcd);
  const status = async (path: string, init: RequestInit = {}): Promise<number> =>
    (await etcd.request(path, init)).status;
  assert.equal(await status('/v1/kv/b', { method: 'PUT', body: 'x' }), 401);
  assert.equal(await status('/v1/kv/b', { method: 'PUT', body: 'x', headers: bearer(token) }), 200);
  assert.equal(await status('/v1/kv/b', { headers: bearer(token) }), 200);
  assert.equal(await status('/v1/kv/a', { method: 'PUT', body: 'x', headers: bearer(token) }), 403);
  assert.equal(await status('/v1/kv?prefix=', { headers: bearer(token) }), 403);
  assert.equal(await status('/v1/watch?key=z', { headers: bearer(token) }), 403);
  const txn = JSON.stringify({ then: [{ txn: { then: [{ put: { key: 'a', value: '' } }] } }] });
  assert.equal(await status('/v1/txn', { method: 'POST', body: txn, headers: bearer(token) }), 403);
});

test('how users and roles are kept: what is refused, and what is told', async (t) => {
  const etcd = await startTestEtcd(t);
  const ask = (method: string, request: Message): Promise<Message> =>
    etcd.call(`Auth/${method}`, `${nameOf(method)}Request`, request);
  const refused = async (method: string, request: Message, expected: string): Promise<void> =>
    assert.rejects(
      ask(method, request),
      (error: Error) => error.message.includes(expected) || assert.fail(error.message),
    );
  await refused('AuthEnable', {}, '9 etcdserver: root user does not exist');
  await refused('UserAdd', { name: '' }, '3 etcdserver: user name is empty');
  await ask('UserAdd', { name: 'root', password: 'p' });
  await refused('UserAdd', { name: 'root', password: 'p' }, '9 etcdserver: user name already exists');
  await refused('AuthEnable', {}, '9 etcdserver: root user does not have root role');
  await refused('UserGrantRole', { user: 'root', role: 'nobody' }, '9 etcdserver: role name not found');
  await ask('UserGrantRole', { user: 'root', role: 'root' });
  await refused('RoleGet', { role: 'root' }, '9 etcdserver: role name not found');
  await ask('RoleAdd', { name: 'root' });
  await refused('RoleAdd', { name: 'root' }, '9 etcdserver: role name already exists');
  await ask('RoleGrantPermission', { name: 'root', perm: { permType: 0, key: bytes('k') } });
  assert.deepEqual((await ask('RoleGet', { role: 'root' }))['perm'], [
    { permType: 2, key: bytes(''), range_end: bytes('\0') },
  ]);
  await refused('Authenticate', { name: 'root', password: 'p' }, '9 etcdserver: authentication is not enabled');
  await refused('UserDelete', { name: 'x' }, '9 etcdserver: user name not found');
  await refused('UserChangePassword', { name: '', password: 'p' }, '9 etcdserver: user name not found');
  await refused('RoleRevokePermission', { role: 'root', key: bytes('a') }, '9 etcdserver: permission is not granted');
  await refused('UserRevokeRole', { name: 'root', role: 'x' }, '9 etcdserver: role is not granted to the user');
  await ask('RoleAdd', { name: 'r' });
  for (const perm of [{ range_end: bytes('k') }, { key: bytes('k'), range_end: bytes('k') }]) {
    await refused('RoleGrantPermission', { name: 'r', perm }, '3 etcdserver: invalid auth management');
  }
  await ask('RoleGrantPermission', { name: 'r', perm: { permType: 2, key: bytes('k') } });
  await ask('RoleGrantPermission', { name: 'r', perm: { permType: 0, key: bytes('a'), range_end: bytes('c') } });
  assert.deepEqual((await ask('RoleGet', { role: 'r' }))['perm'], [
    { permType: 0, key: bytes('a'), range_end: bytes('c') },
    { permType: 2, key: bytes('k'), range_end: bytes('') },
  ]);
  await ask('RoleRevokePermission', { role: 'r', key: bytes('k') });
  assert.deepEqual((await ask('RoleList', {}))['roles'], ['r', 'root']);
  assert.deepEqual((await ask('UserGet', { name: 'root' }))['roles'], ['root']);
  assert.equal((await ask('AuthStatus', {}))['enabled'], false);
  await ask('AuthEnable', {});
  assert.equal((await ask('AuthStatus', {}))['enabled'], true);
  await refused('UserList', {}, '3 etcdserver: user name is empty');
});

test('to enable what is enabled, or disable what is not, changes nothing: tokens stay good', async (t) => {
  const etcd = await enableAuth(t);
  const enabled = etcd.member.auth();
  await etcd.asRoot('AuthEnable', 'AuthEnableRequest', {});
  assert.equal(etcd.member.auth(), enabled);
  assert.equal((await etcd.asRoot('UserList', 'AuthUserListRequest', {}))['users'].length, 1);
  await etcd.asRoot('AuthDisable', 'AuthDisableRequest', {});
  const disabled = etcd.member.auth();
  await etcd.call('Auth/AuthDisable', 'AuthDisableRequest', {});
  assert.equal(etcd.member.auth(), disabled);
});

function nameOf(method: string): string {
  return method.startsWith('Auth') ? method : `Auth${method}`;
}
