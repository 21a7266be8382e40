/** Tokens of `--auth-token jwt`, of our own and of another issuer, at both doors. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { JwtTokens } from '../../../server/jwt-tokens.ts';
import { jwt, rsaPair, signatureBy } from '../../../server/testing/foreign-jwt.ts';
import { bearer, enableAuth, type TestAuth } from '../../testing/enable-auth.ts';
import type { Message, Outcome } from '../../testing/grpc-client.ts';
import { startTestEtcd } from '../../testing/start-test-etcd.ts';

const OUTDATED = [3, 'etcdserver: revision of auth store is old'];
const INVALID = [16, 'etcdserver: invalid auth token'];
const DENIED = [7, 'etcdserver: permission denied'];
const key = Buffer.from('a');
const by = signatureBy('RS256', rsaPair.privateKey);

const tokens = (signingKey = rsaPair.privateKey as typeof rsaPair.privateKey | null): JwtTokens =>
  new JwtTokens({ method: 'RS256', signingKey, verifyingKey: rsaPair.publicKey, ttlMs: 60_000 });

test('a token counts for the revision of users that it was given at', async (t) => {
  const etcd = await enableAuth(t, tokens());
  const told = ({ code, message }: Outcome): unknown[] => [code, message];
  const range = async (token: string): Promise<unknown[]> =>
    told(await etcd.as(token, 'KV/Range', 'RangeRequest', { key }));
  const claims = (change: object): string => {
    const { revision } = etcd.member.auth();
    const exp = Math.floor(Date.now() / 1000) + 60;
    return jwt({ alg: 'RS256' }, { username: 'root', revision, exp, ...change }, by);
  };
  const first = claims({});
  assert.equal((await range(first))[0], 0);
  assert.equal((await range(await etcd.tokenOf('root', 'secret')))[0], 0);
  assert.deepEqual(await range(claims({ exp: 1 })), INVALID);
  assert.deepEqual(await range(claims({ username: 'nobody' })), DENIED);
  assert.deepEqual(await range(claims({ revision: 1 })), OUTDATED);
  // Whoever administers goes on with the same one, as in etcd; their reads and writes of keys want a new one.
  await etcd.asRoot('RoleAdd', 'AuthRoleAddRequest', { name: 'r' });
  await etcd.asRoot('RoleAdd', 'AuthRoleAddRequest', { name: 's' });
  assert.deepEqual(await range(first), OUTDATED);
  assert.deepEqual(told(await etcd.as(first, 'KV/Put', 'PutRequest', { key })), OUTDATED);
  assert.equal((await range(claims({})))[0], 0);
  const outdated = await etcd.request('/v1/kv/a', { headers: bearer(first) });
  assert.equal(outdated.status, 409);
  assert.equal(((await outdated.json()) as Message)['error'].code, 'auth_outdated');
  assert.equal((await etcd.request('/v1/kv/a', { headers: bearer(claims({})) })).status, 404);
  assert.deepEqual(await watch(etcd, first), [
    true,
    'rpc error: code = InvalidArgument desc = etcdserver: revision of auth store is old',
  ]);
  assert.deepEqual(await watch(etcd, 'x'), [
    true,
    'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token',
  ]);
  assert.deepEqual(await watch(etcd, claims({})), [false, '']);
  await etcd.asRoot('UserChangePassword', 'AuthUserChangePasswordRequest', { name: 'root', password: 'new' });
  assert.deepEqual(told(await etcd.as(first, 'Auth/UserList', 'AuthUserListRequest', {})), OUTDATED);
});

/** In etcd's words, which clientv3 compares to come back with a new token: an error of the call would end its watch. */
async function watch({ client }: TestAuth, token: string): Promise<unknown[]> {
  const types = ['etcdserverpb.WatchRequest', 'etcdserverpb.WatchResponse'] as const;
  const stream = client.open('/etcdserverpb.Watch/Watch', types, { token });
  stream.send({ create_request: { key } });
  const reply = await stream.next();
  stream.http2.close();
  return [reply['canceled'], reply['cancel_reason']];
}

test('a member with the public key alone takes tokens and gives none', async (t) => {
  const etcd = await startTestEtcd(t, {}, { tokens: tokens(null) });
  await etcd.call('Auth/UserAdd', 'AuthUserAddRequest', { name: 'root', password: 'p' });
  await etcd.call('Auth/RoleAdd', 'AuthRoleAddRequest', { name: 'root' });
  await etcd.call('Auth/UserGrantRole', 'AuthUserGrantRoleRequest', { user: 'root', role: 'root' });
  await etcd.call('Auth/AuthEnable', 'AuthEnableRequest', {});
  const authenticate = (password: string): Promise<Message> =>
    etcd.call('Auth/Authenticate', 'AuthenticateRequest', { name: 'root', password });
  await assert.rejects(authenticate('p'), { message: '2 auth: token signing attempted with verify-only key' });
  await assert.rejects(authenticate('wrong'), /^Error: 3 etcdserver: authentication failed/);
  const { revision } = etcd.member.auth();
  const token = jwt({ alg: 'RS256' }, { username: 'root', revision }, by);
  const types = ['etcdserverpb.RangeRequest', 'etcdserverpb.RangeResponse'] as const;
  assert.equal((await etcd.client.outcome('/etcdserverpb.KV/Range', types, { key }, { token })).code, 0);
});
