/** `etcdserverpb.Auth`: users, roles, and tokens for them. */
import { randomBytes } from 'node:crypto';
import { isRoot } from '../../../store/auth/permits.ts';
import {
  type AuthChange,
  type AuthState,
  type Permission,
  type Right,
  ROOT,
  type Role,
  type User,
} from '../../../store/auth/state.ts';
import { isEmpty } from '../../../store/key-range.ts';
import type { EtcdContext } from '../../context.ts';
import { etcdError } from '../../errors.ts';
import type { Call } from '../../grpc/call.ts';
import { type Method, type Methods, unary } from '../../grpc/method.ts';
import { Code, GrpcError } from '../../grpc/status.ts';
import { type HeaderMessage, headerMessage } from '../../proto/header.ts';
import { reflected } from '../../proto/reflected.ts';
import { write } from '../write.ts';
import { hashPassword, isPassword } from './password.ts';

type HeaderOnly = { readonly header: HeaderMessage };
type Named = { readonly name: string };
type UserAndRole = { readonly name?: string; readonly user?: string; readonly role: string };
type PermissionMessage = { readonly permType: number; readonly key: Buffer; readonly range_end: Buffer };
type Password = Named & {
  readonly password: string;
  readonly hashedPassword: string;
  readonly options?: { readonly no_password: boolean } | null;
};

const TOKEN_KEY_BYTES = 32;
const rights: readonly Right[] = ['Read', 'Write', 'ReadWrite'];

export function authMethods(etcd: EtcdContext): Methods {
  return {
    '/etcdserverpb.Auth/AuthEnable': change(
      etcd,
      'AuthEnable',
      () => ({ kind: 'Enable', tokenKey: randomBytes(TOKEN_KEY_BYTES).toString('base64') }),
      // Enabled anew it would have another key, and every token would be void.
      ({ isEnabled }) => isEnabled,
    ),
    '/etcdserverpb.Auth/AuthDisable': change(
      etcd,
      'AuthDisable',
      () => ({ kind: 'Disable' }),
      ({ isEnabled }) => !isEnabled,
    ),
    '/etcdserverpb.Auth/AuthStatus': read(etcd, 'AuthStatus', ({ isEnabled, revision }) => ({
      enabled: isEnabled,
      authRevision: revision,
    })),
    '/etcdserverpb.Auth/Authenticate': authenticate(etcd),
    '/etcdserverpb.Auth/UserAdd': change<Password>(etcd, 'AuthUserAdd', async (request) => {
      if (request.name === '') throw etcdError('userEmpty');
      return { kind: 'AddUser', name: request.name, passwordHash: await hashOf(request) };
    }),
    '/etcdserverpb.Auth/UserGet': read<Named>(etcd, 'AuthUserGet', (state, { name }, caller) => {
      // Everybody may know of themselves.
      if (!mayAdminister(state, caller) && caller !== name) throw etcdError('permissionDenied');
      return { roles: userOf(state, name).roles };
    }),
    '/etcdserverpb.Auth/UserList': read(etcd, 'AuthUserList', (state, _request, caller) => {
      assertAdministers(state, caller);
      return { users: state.users.map(({ name }) => name) };
    }),
    '/etcdserverpb.Auth/UserDelete': change<Named>(etcd, 'AuthUserDelete', ({ name }) => ({
      kind: 'DeleteUser',
      name,
    })),
    '/etcdserverpb.Auth/UserChangePassword': change<Password>(etcd, 'AuthUserChangePassword', async (request) => ({
      kind: 'ChangePassword',
      name: request.name,
      passwordHash: await hashOf(request),
    })),
    '/etcdserverpb.Auth/UserGrantRole': change<UserAndRole>(etcd, 'AuthUserGrantRole', ({ user = '', role }) => ({
      kind: 'GrantRole',
      name: user,
      role,
    })),
    '/etcdserverpb.Auth/UserRevokeRole': change<UserAndRole>(etcd, 'AuthUserRevokeRole', ({ name = '', role }) => ({
      kind: 'RevokeRole',
      name,
      role,
    })),
    '/etcdserverpb.Auth/RoleAdd': change<Named>(etcd, 'AuthRoleAdd', ({ name }) => ({ kind: 'AddRole', name })),
    '/etcdserverpb.Auth/RoleGet': read<{ role: string }>(etcd, 'AuthRoleGet', (state, { role }, caller) => {
      const own = caller === null ? [] : userOf(state, caller).roles;
      if (!mayAdminister(state, caller) && !own.includes(role)) throw etcdError('permissionDenied');
      return { perm: permissionsOf(roleOf(state, role)) };
    }),
    '/etcdserverpb.Auth/RoleList': read(etcd, 'AuthRoleList', (state, _request, caller) => {
      assertAdministers(state, caller);
      return { roles: state.roles.map(({ name }) => name) };
    }),
    '/etcdserverpb.Auth/RoleDelete': change<{ role: string }>(etcd, 'AuthRoleDelete', ({ role }) => ({
      kind: 'DeleteRole',
      name: role,
    })),
    '/etcdserverpb.Auth/RoleGrantPermission': change<Named & { perm?: PermissionMessage | null }>(
      etcd,
      'AuthRoleGrantPermission',
      ({ name, perm }) => {
        const right = rights[perm?.permType ?? -1];
        if (!perm || right === undefined) throw etcdError('permissionNotGiven');
        if (!hasKeys(perm)) throw etcdError('invalidAuthManagement');
        return { kind: 'GrantPermission', name, permission: { right, ...keysOf(perm) } };
      },
    ),
    '/etcdserverpb.Auth/RoleRevokePermission': change<{ role: string; key: Buffer; range_end: Buffer }>(
      etcd,
      'AuthRoleRevokePermission',
      ({ role, ...keys }) => ({ kind: 'RevokePermission', name: role, ...keysOf(keys) }),
    ),
  };
}

/** @param isSoAlready then nothing is changed, as in etcd */
function change<Request extends object>(
  etcd: EtcdContext,
  messages: string,
  toChange: (request: Request) => AuthChange | Promise<AuthChange>,
  isSoAlready: ((state: AuthState) => boolean) | null = null,
): Method {
  const request = reflected<Request>(`etcdserverpb.${messages}Request`);
  const response = reflected<HeaderOnly>(`etcdserverpb.${messages}Response`);
  return unary(request.decode, response.encode, async (asked, call) => {
    // Asked here, before a password is hashed for someone who may not set it.
    etcd.memberOf(call).assertRoot();
    if (isSoAlready?.(await presentState(etcd, call))) return { header: headerMessage(etcd.header()) };
    const { revision } = await write(etcd, { kind: 'ChangeAuth', change: await toChange(asked) }, 'Auth', call);
    return { header: headerMessage(etcd.header(revision)) };
  });
}

/** @param look caller null: authentication is not enabled, and everyone may look */
function read<Request extends object>(
  etcd: EtcdContext,
  messages: string,
  look: (state: AuthState, request: Request, caller: string | null) => object,
): Method {
  const request = reflected<Request>(`etcdserverpb.${messages}Request`);
  const response = reflected<HeaderOnly>(`etcdserverpb.${messages}Response`);
  return unary(request.decode, response.encode, async (asked, call) => {
    const state = await presentState(etcd, call);
    // Whether it is enabled is what a client has to know before it can be anybody.
    const caller = messages === 'AuthStatus' ? null : etcd.memberOf(call).userName;
    return { header: headerMessage(etcd.header()), ...look(state, asked, caller) };
  });
}

function authenticate(etcd: EtcdContext): Method {
  const request = reflected<Named & { password: string }>('etcdserverpb.AuthenticateRequest');
  const response = reflected<HeaderOnly & { token: string }>('etcdserverpb.AuthenticateResponse');
  return unary(request.decode, response.encode, async ({ name, password }, call) => {
    const state = await presentState(etcd, call);
    if (!state.isEnabled) throw etcdError('authNotEnabled');
    const user = state.users.find((one) => one.name === name);
    const isWanted = (): boolean => !call.isOver && performance.now() - call.startedMs < call.timeoutMs;
    const isRight = await isPassword(password, user?.passwordHash ?? null, isWanted);
    if (!isRight || user === undefined) throw etcdError('authFailed');
    const token = etcd.tokens.issue(state, user, Date.now());
    if (token === null) throw new GrpcError(Code.Unknown, 'auth: token signing attempted with verify-only key');
    return { header: headerMessage(etcd.header()), token };
  });
}

/** All that was changed before the call counts. */
async function presentState(etcd: EtcdContext, call: Call): Promise<AuthState> {
  await etcd.member.readBarrier({ timeoutMs: call.timeoutMs });
  return etcd.member.auth();
}

function mayAdminister(state: AuthState, caller: string | null): boolean {
  return caller === null || isRoot(state, caller);
}

function assertAdministers(state: AuthState, caller: string | null): void {
  if (!mayAdminister(state, caller)) throw etcdError('permissionDenied');
}

/** Hashes that clients bring are of bcrypt, which this store does not know. */
async function hashOf({ password, hashedPassword, options }: Password): Promise<string | null> {
  if (options?.no_password) return null;
  if (hashedPassword !== '') throw etcdError('hashedPassword');
  return hashPassword(password);
}

/** A right to nothing is a mistake of whoever grants it. */
function hasKeys({ key, range_end: rangeEnd }: PermissionMessage): boolean {
  return key.length > 0 && !isEmpty({ key, rangeEnd: rangeEnd.length === 0 ? null : rangeEnd });
}

function keysOf({ key, range_end: end }: Omit<PermissionMessage, 'permType'>): Pick<Permission, 'key' | 'rangeEnd'> {
  return { key: key.toString('base64'), rangeEnd: end.length === 0 ? null : end.toString('base64') };
}

/** In order of their keys. Who is root may all, whatever the role was given. */
function permissionsOf({ name, permissions }: Role): readonly PermissionMessage[] {
  if (name === ROOT)
    return [{ permType: rights.indexOf('ReadWrite'), key: Buffer.alloc(0), range_end: Buffer.from([0]) }];
  return permissions.map(messageOf).sort((a, b) => Buffer.compare(a.key, b.key));
}

function messageOf({ right, key, rangeEnd }: Permission): PermissionMessage {
  return {
    permType: rights.indexOf(right),
    key: Buffer.from(key, 'base64'),
    range_end: Buffer.from(rangeEnd ?? '', 'base64'),
  };
}

function userOf({ users }: AuthState, name: string): User {
  const user = users.find((one) => one.name === name);
  if (user === undefined) throw etcdError('userNotFound');
  return user;
}

function roleOf({ roles }: AuthState, name: string): Role {
  const role = roles.find((one) => one.name === name);
  if (role === undefined) throw etcdError('roleNotFound');
  return role;
}
