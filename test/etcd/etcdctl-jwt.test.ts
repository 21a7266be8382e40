/** `--auth-token jwt` on real members: by etcd's command line, and with tokens that go from etcd to us and back. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LocalCluster } from '../processes/local-cluster.ts';
import { skipWithoutEtcd } from './beside-etcd/both-sides.ts';
import { RealEtcd } from './beside-etcd/real-etcd.ts';
import { Side } from './beside-etcd/side.ts';
import { etcdctl, skipWithoutEtcdctl } from './etcdctl.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-jwt-'));
});

after(() => rm(folder, { recursive: true }));

/** Of `--auth-token`: the keys in files. */
async function withKeys(
  method: string,
  { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject },
): Promise<string> {
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  await writeFile(join(folder, `${method}.key`), privateKey.export(pem));
  await writeFile(join(folder, `${method}.pub`), publicKey.export({ ...pem, type: 'spki' }));
  return `jwt,sign-method=${method},priv-key=${folder}/${method}.key,pub-key=${folder}/${method}.pub,ttl=10m`;
}

test('etcdctl with users, on every member', { skip: skipWithoutEtcdctl }, async () => {
  const authToken = await withKeys('RS256', generateKeyPairSync('rsa', { modulusLength: 2048 }));
  const cluster = await LocalCluster.form(3, [`--auth-token=${authToken}`]);
  try {
    const endpoints = cluster.members.map(({ url }) => url).join(',');
    const run = (...args: string[]): Promise<string> => etcdctl(endpoints, ...args);
    await run('user', 'add', 'root:secret');
    await run('role', 'add', 'root');
    await run('user', 'grant-role', 'root', 'root');
    await run('auth', 'enable');
    const root = '--user=root:secret';
    await run(root, 'role', 'add', 'app');
    await run(root, 'role', 'grant-permission', 'app', 'readwrite', '--prefix', 'app/');
    await run(root, 'user', 'add', 'me:pass');
    await run(root, 'user', 'grant-role', 'me', 'app');
    const [first] = cluster.members;
    const answer = await fetch(`${first!.url}/v3/auth/authenticate`, {
      method: 'POST',
      body: JSON.stringify({ name: 'me', password: 'pass' }),
    });
    const { token } = (await answer.json()) as { token: string };
    assert.equal(Buffer.from(token.split('.')[0]!, 'base64url').toString(), '{"alg":"RS256","typ":"JWT"}');
    for (const { url } of cluster.members) {
      assert.equal(await etcdctl(url, '--user=me:pass', 'put', 'app/a', url), 'OK\n');
      assert.equal(await etcdctl(url, '--user=me:pass', 'get', 'app/a', '--print-value-only'), `${url}\n`);
      await assert.rejects(etcdctl(url, '--user=me:pass', 'get', 'b'), /permission denied/);
      assert.equal((await fetch(`${url}/v1/kv/app/a`, { headers: { authorization: `Bearer ${token}` } })).status, 200);
    }
    await assert.rejects(run('get', 'app/a'), /etcdserver: (user name is empty|invalid auth token)/);
  } finally {
    await cluster.remove();
  }
});

test("etcd takes our tokens, and we take etcd's", { skip: skipWithoutEtcd }, async () => {
  await writeFile(join(folder, 'secret'), randomBytes(32));
  const kinds = [
    await withKeys('PS256', generateKeyPairSync('rsa', { modulusLength: 2048 })),
    await withKeys('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    await withKeys('EdDSA', generateKeyPairSync('ed25519')),
    `jwt,sign-method=HS256,priv-key=${folder}/secret`,
  ];
  for (const kind of kinds) {
    const flags = [`--auth-token=${kind}`];
    const [etcd, cluster] = await Promise.all([
      RealEtcd.start([...flags, '--bcrypt-cost=4']),
      LocalCluster.form(1, flags),
    ]);
    const theirs = await Side.connect(etcd.url);
    const ours = await Side.connect(cluster.members[0]!.url);
    try {
      const tokens = new Map<Side, string>();
      for (const side of [theirs, ours]) tokens.set(side, await enabledAt(20n, side));
      const key = Buffer.from('a');
      for (const [side, token] of [
        [theirs, tokens.get(ours)!],
        [ours, tokens.get(theirs)!],
      ] as const) {
        await side.raw('KV/Put', 'PutRequest', { key }, token);
        assert.equal((await side.raw('KV/Range', 'RangeRequest', { key }, token))['count'], 1n);
        await side.raw('Auth/RoleAdd', 'AuthRoleAddRequest', { name: 'one-more' }, token);
        for (const [path, type] of [
          ['KV/Put', 'PutRequest'],
          ['KV/Range', 'RangeRequest'],
        ] as const) {
          assert.deepEqual(await side.ask({ path, type, message: { key } }, token), {
            error: '3 etcdserver: revision of auth store is old',
          });
        }
        await side.raw('Auth/UserList', 'AuthUserListRequest', {}, token);
      }
    } finally {
      theirs.close();
      ours.close();
      await Promise.all([etcd.remove(), cluster.remove()]);
    }
  }
});

/** Enables users, with root, and brings their revision to this one; a token of root for it. */
async function enabledAt(revision: bigint, side: Side): Promise<string> {
  const root = { name: 'root', password: 'secret' };
  await side.raw('Auth/UserAdd', 'AuthUserAddRequest', root);
  await side.raw('Auth/RoleAdd', 'AuthRoleAddRequest', { name: 'root' });
  await side.raw('Auth/UserGrantRole', 'AuthUserGrantRoleRequest', { user: 'root', role: 'root' });
  await side.raw('Auth/AuthEnable', 'AuthEnableRequest', {});
  const authenticate = async (): Promise<string> =>
    (await side.raw('Auth/Authenticate', 'AuthenticateRequest', root))['token'] as string;
  const token = await authenticate();
  for (;;) {
    const status = await side.raw('Auth/AuthStatus', 'AuthStatusRequest', {}, token);
    if (status['authRevision'] === revision) return authenticate();
    assert.ok(status['authRevision'] < revision);
    await side.raw('Auth/RoleAdd', 'AuthRoleAddRequest', { name: `r${status['authRevision']}` }, token);
  }
}
