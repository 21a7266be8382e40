/** Changes of users and roles, pure. What is refused is said in etcd's words: its clients look at them. */
import { failed } from '../errors.ts';
import type { Failed } from '../types.ts';
import { type AuthChange, type AuthState, type Permission, ROOT, type Role, type User } from './state.ts';

/** The largest that users and roles may get, written out: they are one row, and in the memory of every member. */
const MAX_STATE_CHARACTERS = 4 << 20;

export function applyAuthChange(state: AuthState, change: AuthChange): AuthState | Failed {
  const changed = changeOf(state, change);
  if ('kind' in changed) return changed;
  const next = { ...state, ...changed, revision: state.revision + 1 };
  if (JSON.stringify(next).length > MAX_STATE_CHARACTERS) return refused('too many users and roles');
  return next;
}

function changeOf(state: AuthState, change: AuthChange): Partial<AuthState> | Failed {
  switch (change.kind) {
    case 'Enable':
      return enable(state, change.tokenKey);
    case 'Disable':
      return { isEnabled: false };
    case 'AddUser':
      return addUser(state, change);
    case 'DeleteUser':
      if (state.isEnabled && change.name === ROOT) return refused('invalid auth management');
      return onUser(state, change.name, () => null);
    case 'ChangePassword':
      return onUser(state, change.name, (user) => ({ ...user, passwordHash: change.passwordHash }));
    case 'GrantRole':
      return grantRole(state, change);
    case 'RevokeRole':
      return revokeRole(state, change);
    case 'AddRole':
      return addRole(state, change.name);
    case 'DeleteRole':
      return deleteRole(state, change.name);
    case 'GrantPermission':
      return onRole(state, change.name, ({ permissions }) => granted(permissions, change.permission));
    case 'RevokePermission':
      return onRole(state, change.name, ({ permissions }) => {
        const left = permissions.filter((one) => !areSameKeys(one, change));
        return left.length < permissions.length ? left : refused('permission is not granted to the role');
      });
  }
}

function enable(state: AuthState, tokenKey: string): Partial<AuthState> | Failed {
  const root = state.users.find(({ name }) => name === ROOT);
  if (root === undefined) return refused('root user does not exist');
  if (!root.roles.includes(ROOT)) return refused('root user does not have root role');
  return { isEnabled: true, tokenKey };
}

function addUser(
  { users, revision }: AuthState,
  { name, passwordHash }: Extract<AuthChange, { kind: 'AddUser' }>,
): Partial<AuthState> | Failed {
  if (name === '') return refused('user name is empty');
  if (users.some((user) => user.name === name)) return refused('user name already exists');
  const user: User = { name, passwordHash, roles: [], changedAt: revision + 1 };
  return { users: [...users, user].sort(byName) };
}

function addRole({ roles }: AuthState, name: string): Partial<AuthState> | Failed {
  if (name === '') return refused('role name is empty');
  if (roles.some((role) => role.name === name)) return refused('role name already exists');
  return { roles: [...roles, { name, permissions: [] }].sort(byName) };
}

function grantRole(
  state: AuthState,
  { name, role }: Extract<AuthChange, { kind: 'GrantRole' }>,
): Partial<AuthState> | Failed {
  const hasUser = state.users.some((one) => one.name === name);
  // As in etcd, root can be given before anyone has added a role of that name: it needs no permissions.
  const hasRole = role === ROOT || roleOf(state, role) !== undefined;
  if (hasUser && !hasRole) return refused('role name not found');
  return onUser(state, name, (user) => ({ ...user, roles: sorted([...user.roles, role]) }));
}

function revokeRole(
  state: AuthState,
  { name, role }: Extract<AuthChange, { kind: 'RevokeRole' }>,
): Partial<AuthState> | Failed {
  if (state.isEnabled && name === ROOT && role === ROOT) return refused('invalid auth management');
  const user = state.users.find((one) => one.name === name);
  if (user !== undefined && !user.roles.includes(role)) return refused('role is not granted to the user');
  return onUser(state, name, (one) => ({ ...one, roles: one.roles.filter((held) => held !== role) }));
}

function deleteRole(state: AuthState, name: string): Partial<AuthState> | Failed {
  if (state.isEnabled && name === ROOT) return refused('invalid auth management');
  if (roleOf(state, name) === undefined) return refused('role name not found');
  const users = state.users.map((user) =>
    user.roles.includes(name)
      ? { ...user, roles: user.roles.filter((held) => held !== name), changedAt: state.revision + 1 }
      : user,
  );
  return { users, roles: state.roles.filter((role) => role.name !== name) };
}

function onUser(state: AuthState, name: string, change: (user: User) => User | null): Partial<AuthState> | Failed {
  const user = state.users.find((one) => one.name === name);
  if (user === undefined) return refused('user name not found');
  const changed = change(user);
  const others = state.users.filter((one) => one !== user);
  if (changed === null) return { users: others };
  return { users: [...others, { ...changed, changedAt: state.revision + 1 }].sort(byName) };
}

function onRole(
  state: AuthState,
  name: string,
  change: (role: Role) => readonly Permission[] | Failed,
): Partial<AuthState> | Failed {
  const role = roleOf(state, name);
  if (role === undefined) return refused('role name not found');
  const permissions = change(role);
  if ('kind' in permissions) return permissions;
  return { roles: state.roles.map((one) => (one === role ? { ...role, permissions } : one)) };
}

/** For the same keys, the new right takes the old one's place. */
function granted(permissions: readonly Permission[], permission: Permission): readonly Permission[] {
  return [...permissions.filter((one) => !areSameKeys(one, permission)), permission];
}

function areSameKeys(a: Pick<Permission, 'key' | 'rangeEnd'>, b: Pick<Permission, 'key' | 'rangeEnd'>): boolean {
  return a.key === b.key && a.rangeEnd === b.rangeEnd;
}

function roleOf({ roles }: AuthState, name: string): Role | undefined {
  return roles.find((role) => role.name === name);
}

/** Compares code units, which is the same on every machine. */
function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

function refused(message: string): Failed {
  return failed('auth_refused', message);
}
