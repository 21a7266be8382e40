/** A member whose cluster has users, with its root. */
import type { TestContext } from 'node:test';
import { SimpleTokens, type Tokens } from '../../server/auth-token.ts';
import type { Message, Outcome } from './grpc-client.ts';
import { startTestEtcd, type TestEtcd } from './start-test-etcd.ts';

export type TestAuth = TestEtcd & {
  /** A call of `etcdserverpb.Auth` by root. */
  asRoot(method: string, requestType: string, request: Message): Promise<Message>;
  /** A call of any service of `etcdserverpb` by root, as `KV/Put`. */
  asRootOf(path: string, requestType: string, request: Message): Promise<Message>;
  as(token: string, path: string, requestType: string, request: Message): Promise<Outcome>;
  tokenOf(name: string, password: string): Promise<string>;
};

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** Both doors take tokens of this kind. */
export async function enableAuth(t: TestContext, tokens: Tokens = new SimpleTokens()): Promise<TestAuth> {
  const etcd = await startTestEtcd(t, {}, { tokens });
  const { call, client } = etcd;
  await call('Auth/UserAdd', 'AuthUserAddRequest', { name: 'root', password: 'secret' });
  await call('Auth/RoleAdd', 'AuthRoleAddRequest', { name: 'root' });
  await call('Auth/UserGrantRole', 'AuthUserGrantRoleRequest', { user: 'root', role: 'root' });
  await call('Auth/AuthEnable', 'AuthEnableRequest', {});
  const as: TestAuth['as'] = (token, path, requestType, request) =>
    client.outcome(
      `/etcdserverpb.${path}`,
      [`etcdserverpb.${requestType}`, `etcdserverpb.${requestType.replace(/Request$/, 'Response')}`],
      request,
      { token },
    );
  const tokenOf: TestAuth['tokenOf'] = async (name, password) =>
    (await call('Auth/Authenticate', 'AuthenticateRequest', { name, password }))['token'] as string;
  const root = await tokenOf('root', 'secret');
  const asRootOf: TestAuth['asRootOf'] = async (path, requestType, request) => {
    const { code, message, replies } = await as(root, path, requestType, request);
    if (code !== 0) throw new Error(`${code} ${message}`);
    return replies[0]!;
  };
  return {
    ...etcd,
    as,
    tokenOf,
    asRootOf,
    asRoot: (method, requestType, request) => asRootOf(`Auth/${method}`, requestType, request),
  };
}
