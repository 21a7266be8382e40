/** Every method there is, once authentication is enabled: what nobody in particular may, and what a user without roles may. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { routes } from '../../../api/routes.ts';
import { SimpleTokens } from '../../../server/auth-token.ts';
import { EtcdContext } from '../../context.ts';
import { Code } from '../../grpc/status.ts';
import { allMethods } from '../../methods.ts';
import { bearer, enableAuth } from '../../testing/enable-auth.ts';
import type { Message, Outcome } from '../../testing/grpc-client.ts';
import { testLimits } from '../../testing/start-test-etcd.ts';

const key = Buffer.from('k');
const leader = { name: key, key, rev: 5, lease: 7 };

/** Who may: `all`, whoever is a user, or only with rights (to the key, or those of root). Requests that are otherwise well-formed. */
const table: Record<string, readonly [who: 'all' | 'user' | 'rights', request: Message, message?: string]> = {
  'etcdserverpb.KV/Range': ['rights', { key }],
  'etcdserverpb.KV/RangeStream': ['rights', { key }, 'Range'],
  'etcdserverpb.KV/Put': ['rights', { key }],
  'etcdserverpb.KV/DeleteRange': ['rights', { key }],
  'etcdserverpb.KV/Txn': ['rights', { success: [{ request_range: { key } }] }],
  'etcdserverpb.KV/Compact': ['rights', { revision: 1 }, 'Compaction'],
  'etcdserverpb.Watch/Watch': ['rights', { create_request: { key } }],
  'etcdserverpb.Lease/LeaseGrant': ['user', { TTL: 5 }],
  'etcdserverpb.Lease/LeaseRevoke': ['user', { ID: 77 }],
  'etcdserverpb.Lease/LeaseKeepAlive': ['user', { ID: 77 }],
  'etcdserverpb.Lease/LeaseTimeToLive': ['user', { ID: 77 }],
  'etcdserverpb.Lease/LeaseLeases': ['user', {}],
  'etcdserverpb.Cluster/MemberAdd': ['rights', { peerURLs: ['http://h:1'] }],
  'etcdserverpb.Cluster/MemberRemove': ['rights', { ID: 2 }],
  'etcdserverpb.Cluster/MemberUpdate': ['rights', { ID: 2, peerURLs: ['http://h:1'] }],
  'etcdserverpb.Cluster/MemberList': ['user', {}],
  'etcdserverpb.Cluster/MemberPromote': ['rights', { ID: 2 }],
  'etcdserverpb.Maintenance/Alarm': ['user', {}],
  'etcdserverpb.Maintenance/Status': ['all', {}],
  'etcdserverpb.Maintenance/Defragment': ['rights', {}],
  'etcdserverpb.Maintenance/Hash': ['rights', {}],
  'etcdserverpb.Maintenance/HashKV': ['rights', {}],
  'etcdserverpb.Maintenance/Snapshot': ['rights', {}],
  'etcdserverpb.Maintenance/MoveLeader': ['rights', { targetID: 2 }],
  'etcdserverpb.Maintenance/Downgrade': ['rights', { version: '3.4.0' }],
  'etcdserverpb.Auth/AuthEnable': ['rights', {}],
  'etcdserverpb.Auth/AuthDisable': ['rights', {}],
  'etcdserverpb.Auth/AuthStatus': ['all', {}],
  'etcdserverpb.Auth/Authenticate': ['all', { name: 'user', password: 'p' }, 'Authenticate'],
  'etcdserverpb.Auth/UserAdd': ['rights', { name: 'x', password: 'p' }, 'AuthUserAdd'],
  'etcdserverpb.Auth/UserGet': ['rights', { name: 'root' }, 'AuthUserGet'],
  'etcdserverpb.Auth/UserList': ['rights', {}, 'AuthUserList'],
  'etcdserverpb.Auth/UserDelete': ['rights', { name: 'user' }, 'AuthUserDelete'],
  'etcdserverpb.Auth/UserChangePassword': ['rights', { name: 'user', password: 'q' }, 'AuthUserChangePassword'],
  'etcdserverpb.Auth/UserGrantRole': ['rights', { user: 'user', role: 'root' }, 'AuthUserGrantRole'],
  'etcdserverpb.Auth/UserRevokeRole': ['rights', { name: 'root', role: 'root' }, 'AuthUserRevokeRole'],
  'etcdserverpb.Auth/RoleAdd': ['rights', { name: 'x' }, 'AuthRoleAdd'],
  'etcdserverpb.Auth/RoleGet': ['rights', { role: 'root' }, 'AuthRoleGet'],
  'etcdserverpb.Auth/RoleList': ['rights', {}, 'AuthRoleList'],
  'etcdserverpb.Auth/RoleDelete': ['rights', { role: 'root' }, 'AuthRoleDelete'],
  'etcdserverpb.Auth/RoleGrantPermission': [
    'rights',
    { name: 'root', perm: { permType: 2, key } },
    'AuthRoleGrantPermission',
  ],
  'etcdserverpb.Auth/RoleRevokePermission': ['rights', { role: 'root', key }, 'AuthRoleRevokePermission'],
  'v3lockpb.Lock/Lock': ['rights', { name: key, lease: 7 }],
  'v3lockpb.Lock/Unlock': ['rights', { key }],
  'v3electionpb.Election/Campaign': ['rights', { name: key, lease: 7 }],
  'v3electionpb.Election/Proclaim': ['rights', { leader }],
  'v3electionpb.Election/Leader': ['rights', { name: key }],
  'v3electionpb.Election/Observe': ['rights', { name: key }, 'Leader'],
  'v3electionpb.Election/Resign': ['rights', { leader }],
  'grpc.health.v1.Health/Check': ['all', {}, 'HealthCheck'],
  'grpc.health.v1.Health/Watch': ['all', {}, 'HealthCheck'],
  'grpc.reflection.v1.ServerReflection/ServerReflectionInfo': ['all', {}, 'ServerReflection'],
  'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': ['all', {}, 'ServerReflection'],
};

/** Who shows no token, as etcd says it. */
const NO_USER = 'etcdserver: user name is empty';
const UNAUTHENTICATED = 16;
const DENIED = 7;

test('nothing is open that does not say so here, and a user alone has no rights', async (t) => {
  const etcd = await enableAuth(t);
  const log = { error: () => undefined };
  const context = new EtcdContext({
    member: etcd.member,
    readiness: () => etcd.member.readiness(),
    limits: testLimits,
    version: '',
    peerScheme: 'http',
    assertAdmin: async () => {},
    tokens: new SimpleTokens(),
    log,
  });
  assert.deepEqual(
    Object.keys(table).sort(),
    Object.keys(allMethods(context))
      .map((path) => path.slice(1))
      .sort(),
  );
  await etcd.asRoot('UserAdd', 'AuthUserAddRequest', { name: 'user', password: 'p' });
  const token = await etcd.tokenOf('user', 'p');
  for (const [path, [who, request, given]] of Object.entries(table)) {
    const ask = (headers: Record<string, string>): Promise<Outcome> => {
      const method = path.slice(path.indexOf('/') + 1);
      const types = `${path.slice(0, path.indexOf('/')).replace(/\.\w+$/, '')}.${given ?? method}`;
      const stream = etcd.client.open(`/${path}`, [`${types}Request`, `${types}Response`], headers);
      stream.send(request);
      // A stream that was let in stays open: its first answer is enough.
      if (path !== 'etcdserverpb.Watch/Watch') stream.end();
      const first = stream.next().then(
        (reply): Outcome => ({ ...refusalOf(reply['cancel_reason']), replies: [reply] }),
        () => stream.ended,
      );
      return first.finally(() => stream.http2.close());
    };
    const nobody = await ask({});
    const liar = await ask({ token: 'no token' });
    if (who === 'all') {
      for (const { code, message } of [nobody, liar]) assert.ok(code !== UNAUTHENTICATED && message !== NO_USER, path);
    } else {
      assert.equal(nobody.message, NO_USER, `${path}: ${nobody.code}`);
      assert.equal(liar.code, UNAUTHENTICATED, `${path}: ${liar.message}`);
    }
    const { code, message } = await ask({ token });
    if (who === 'rights') assert.equal(code, DENIED, `${path}: ${message}`);
    else assert.ok(code !== DENIED && code !== UNAUTHENTICATED, `${path}: ${code} ${message}`);
  }
  assert.deepEqual(etcd.faults, []);
});

/** Of a watch, which is canceled while its call goes on. */
function refusalOf(reason: string | undefined): Pick<Outcome, 'code' | 'message'> {
  const [, name, message = ''] = /^rpc error: code = (\w+) desc = (.*)$/.exec(reason ?? '') ?? [];
  return { code: name === undefined ? 0 : Code[name as keyof typeof Code], message };
}

/** Of the HTTP API: they tell of members and not of keys, or only a member takes them that belongs to no cluster. */
const openRoutes = ['/v1/events', '/ui', '/ui/:file', '/v1/bootstrap', '/v1/join'];

test('the HTTP API has no other door', async (t) => {
  const etcd = await enableAuth(t);
  await etcd.asRoot('UserAdd', 'AuthUserAddRequest', { name: 'user', password: 'p' });
  const token = await etcd.tokenOf('user', 'p');
  const bodies: Record<string, string> = {
    'POST /v1/txn': '{"then":[{"get":{"key":"k"}}]}',
    'POST /v1/leases': '{"ttl_seconds":5}',
    'POST /v1/compact': '{"revision":1}',
    'POST /v1/cluster/members': JSON.stringify({ name: 'x', peer_address: 'h:1', incarnation: 'a'.repeat(32) }),
    'PUT /v1/cluster/members': '{"voters":[1]}',
    'POST /v1/recover': JSON.stringify({ cluster_id: '00000000000000c2', nonce: 'n' }),
  };
  const paths = [...routes, { path: '/v1/kv/k', access: 'Open', methods: { GET: 0, PUT: 0, DELETE: 0 } }];
  for (const { path, access, methods } of paths) {
    if (access === 'Probe' || openRoutes.includes(path)) continue;
    for (const method of Object.keys(methods)) {
      const query = { '/v1/kv': '?key=k', '/v1/watch': '?key=k' }[path] ?? '';
      const ask = (headers: Record<string, string>): Promise<Response> => {
        const body = method === 'GET' || method === 'DELETE' ? null : (bodies[`${method} ${path}`] ?? '');
        return etcd.request(path.replace(':id', '7') + query, { method, body, headers });
      };
      const nobody = await ask({});
      assert.equal(nobody.status, 401, `${method} ${path}: ${await nobody.text()}`);
      const user = await ask(bearer(token));
      const needsNoRight = path.startsWith('/v1/leases') || path === '/v1/cluster';
      if (!needsNoRight) assert.equal(user.status, 403, `${method} ${path}: ${await user.text()}`);
    }
  }
});
